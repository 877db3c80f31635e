package consenttest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// complete returns the message by value with what analytics-go adds before it
// sends: the type, and an id and a time where there is none.
func complete(m analytics.Message) (analytics.Message, error) {
	m, err := valueOf(m)
	if err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case analytics.Track:
		m.Type, m.MessageId, m.Timestamp = "track", orNew(m.MessageId), orNow(m.Timestamp)
		return m, nil
	case analytics.Identify:
		m.Type, m.MessageId, m.Timestamp = "identify", orNew(m.MessageId), orNow(m.Timestamp)
		return m, nil
	case analytics.Page:
		m.Type, m.MessageId, m.Timestamp = "page", orNew(m.MessageId), orNow(m.Timestamp)
		return m, nil
	case analytics.Screen:
		m.Type, m.MessageId, m.Timestamp = "screen", orNew(m.MessageId), orNow(m.Timestamp)
		return m, nil
	case analytics.Group:
		m.Type, m.MessageId, m.Timestamp = "group", orNew(m.MessageId), orNow(m.Timestamp)
		return m, nil
	case analytics.Alias:
		m.Type, m.MessageId, m.Timestamp = "alias", orNew(m.MessageId), orNow(m.Timestamp)
		return m, nil
	default:
		return nil, fmt.Errorf("%w: %T", consent.ErrMessage, m)
	}
}

// valueOf takes the message from behind a pointer.
func valueOf(m analytics.Message) (analytics.Message, error) {
	switch m := m.(type) {
	case *analytics.Track:
		return deref(m)
	case *analytics.Identify:
		return deref(m)
	case *analytics.Page:
		return deref(m)
	case *analytics.Screen:
		return deref(m)
	case *analytics.Group:
		return deref(m)
	case *analytics.Alias:
		return deref(m)
	default:
		return m, nil
	}
}

func deref[M analytics.Message](m *M) (analytics.Message, error) {
	if m == nil {
		return nil, fmt.Errorf("%w: %T(nil)", consent.ErrMessage, m)
	}
	return *m, nil
}

func orNew(id string) string { return cmp.Or(id, rand.Text()) }

func orNow(t time.Time) time.Time { return cmp.Or(t, time.Now()) }
