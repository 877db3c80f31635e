package consenttest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/message"
)

// complete returns the message by value with what analytics-go adds before it
// sends: the type, and an id and a time where there is none.
func complete(m analytics.Message) (analytics.Message, error) {
	value, ok := message.Value(m)
	if !ok {
		return nil, fmt.Errorf("%w: %T", consent.ErrMessage, m)
	}
	m = value
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

func orNew(id string) string { return cmp.Or(id, rand.Text()) }

func orNow(t time.Time) time.Time { return cmp.Or(t, time.Now()) }
