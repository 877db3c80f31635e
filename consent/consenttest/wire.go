package consenttest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
)

// complete returns the message by value with what analytics-go adds before it
// sends: the type, and an id and a time where there is none.
func complete(given analytics.Message) (analytics.Message, error) {
	m, ok := delivery.Open(given)
	if !ok {
		return nil, fmt.Errorf("%w: %s", consent.ErrMessage, delivery.TypeName(given))
	}
	*m.Type = m.Kind().Name
	*m.MessageID, *m.Timestamp = cmp.Or(*m.MessageID, rand.Text()), cmp.Or(*m.Timestamp, time.Now())
	return m.Value(), nil
}

// A head is what distinguishes one message from another.
type head struct {
	kind, name      string // the name of an event, a page or a screen
	user, anonymous string
}

// headOf reads the head of a message.
func headOf(given analytics.Message) head {
	m, ok := delivery.Open(given)
	if !ok {
		return head{kind: delivery.TypeName(given)}
	}
	return head{
		kind: m.Kind().Name, name: textOf(m.Event, m.Name),
		user: textOf(m.UserID), anonymous: textOf(m.AnonymousID, m.PreviousID),
	}
}

// textOf returns the first text that is there.
func textOf(texts ...*string) string {
	for _, text := range texts {
		if text != nil {
			return *text
		}
	}
	return ""
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
