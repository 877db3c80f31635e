package delivery

import (
	"maps"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// A Message points to the fields of a copy of an analytics-go message of any type. A
// field that the type lacks is nil.
type Message struct {
	Type *string // what analytics-go sets to the name of its kind

	MessageID, AnonymousID, UserID   *string
	Event, Name, GroupID, PreviousID *string
	Timestamp                        *time.Time
	Object                           *map[string]any // Properties or Traits
	Context                          **analytics.Context
	Integrations                     *analytics.Integrations

	// Own is a Context for this message alone, empty at first.
	Own *analytics.Context

	// Done is called with the outcome if the message is tracked, after Config.Tell. Nil:
	// nobody is. It must not panic.
	Done func(err error)

	kind   *Kind
	holder holder
}

// Kind returns the type of the message.
func (m *Message) Kind() *Kind { return m.kind }

// Pointer returns the copy as a message, by pointer.
func (m *Message) Pointer() analytics.Message { return m.holder.pointer() }

// Value returns the copy as a message, by value, with its present fields.
func (m *Message) Value() analytics.Message { return m.holder.value() }

// Unshare copies Extra and Integrations, for a receiver that may write to them.
func (m *Message) Unshare() {
	*m.Integrations = maps.Clone(*m.Integrations)
	if c := *m.Context; c != nil {
		c.Extra = maps.Clone(c.Extra)
	}
}

// Open returns a copy of the message, given by value or by pointer, and whether it is one
// of the six types of analytics-go. The maps and the Context are not copied.
func Open(m analytics.Message) (*Message, bool) {
	kind := KindOf(m)
	if kind == nil {
		return nil, false
	}
	return kind.Open(m), true
}

// A holder is what a Message points into. It knows the type.
type holder interface {
	pointer() analytics.Message
	value() analytics.Message
}

// held has all parts of a Message in one piece of memory.
type held[M analytics.Message] struct {
	message M
	context analytics.Context
	fields  Message
}

func hold[M analytics.Message](m M) *held[M] {
	h := &held[M]{message: m}
	h.fields.holder, h.fields.Own = h, &h.context
	return h
}

func (h *held[M]) pointer() analytics.Message { return any(&h.message).(analytics.Message) }
func (h *held[M]) value() analytics.Message   { return h.message }
