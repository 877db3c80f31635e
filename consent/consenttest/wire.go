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

// A head is what tells one message from another.
type head struct {
	kind, name      string // the name of an event, a page or a screen
	user, anonymous string
}

// headOf reads the head of a message that is a value of one of the six types.
func headOf(m analytics.Message) head {
	switch m := m.(type) {
	case analytics.Track:
		return head{"track", m.Event, m.UserId, m.AnonymousId}
	case analytics.Identify:
		return head{"identify", "", m.UserId, m.AnonymousId}
	case analytics.Page:
		return head{"page", m.Name, m.UserId, m.AnonymousId}
	case analytics.Screen:
		return head{"screen", m.Name, m.UserId, m.AnonymousId}
	case analytics.Group:
		return head{"group", "", m.UserId, m.AnonymousId}
	case analytics.Alias:
		return head{"alias", "", m.UserId, m.PreviousId}
	default:
		return head{kind: fmt.Sprintf("%T", m)}
	}
}

// String returns the type, the name if there is one, and the user.
func (h head) String() string {
	s := h.kind
	if h.name != "" {
		s += fmt.Sprintf(" %q", h.name)
	}
	if user := cmp.Or(h.user, h.anonymous); user != "" {
		s += " by " + user
	}
	return s
}
