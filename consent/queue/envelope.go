package queue

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
)

// An Envelope is a captured message for an engine. Its JSON keeps every byte that the
// message would have had on its way to Segment: Context.Extra, 64-bit integers and the order
// of keys, which a round trip of the types of analytics-go loses. (Text that is not UTF-8 becomes
// so, and a Timestamp less than a minute off UTC, in no zone that exists, ends in Z.)
//
// The JSON has a version. Old versions stay readable; a newer one is an [ErrEnvelope], so
// workers are updated before whoever fills the queue. It is not signed: whoever can write to
// a queue can have anything sent.
type Envelope struct {
	MessageID string
	Type      string // as on the wire: track, identify, page, screen, group or alias

	// The ids of the person the message is about, each "" if it has none. Only an Alias has a
	// PreviousID.
	UserID, AnonymousID, PreviousID string

	Captured consent.Captured
}

// Limits of an envelope.
const (
	version   = 1
	maxSize   = 1 << 20 // bytes of JSON
	maxStates = 16
)

// Seal returns the envelope of a captured message. The error wraps [ErrEnvelope].
func Seal(c consent.Captured) (Envelope, error) {
	m, ok := delivery.Open(c.Message)
	if !ok || reflect.TypeOf(c.Message).Kind() == reflect.Pointer {
		return Envelope{}, fmt.Errorf("%w: a %T", ErrEnvelope, c.Message)
	}
	e := Envelope{Captured: c, Type: m.Kind().Name, MessageID: *m.MessageID, UserID: *m.UserID}
	if m.AnonymousID != nil {
		e.AnonymousID = *m.AnonymousID
	}
	if m.PreviousID != nil {
		e.PreviousID = *m.PreviousID
	}
	return e, e.check()
}

// check returns an error for what no client of consent.NewQueued captures.
func (e Envelope) check() error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrEnvelope, what) }
	switch c := e.Captured; {
	case e.MessageID == "":
		return bad("no message id")
	case c.Message.Validate() != nil:
		return bad("the message is not valid")
	case len(c.States) == 0 && c.Exempt == "":
		return bad("no State")
	case len(c.States) > 0 && c.Exempt != "":
		return bad("an exempt message has a State")
	case len(c.States) > maxStates:
		return bad("too many States")
	case c.Filled && e.AnonymousID == "":
		return bad("an id was filled in, and there is none")
	case c.At.IsZero():
		return bad("no time")
	default:
		return nil
	}
}

// IsAbout reports whether the message is about a person: one of its ids is the person's.
func (e Envelope) IsAbout(p Person) bool {
	is := func(id string) bool { return id != "" && (id == p.UserID || id == p.AnonymousID) }
	return p.UserID != "" && e.UserID == p.UserID || p.AnonymousID != "" && e.AnonymousID == p.AnonymousID || is(e.PreviousID)
}

// An envelope is the JSON of an Envelope.
type envelope struct {
	Version   int             `json:"version"`
	Type      string          `json:"type"`
	At        time.Time       `json:"at"`
	States    []consent.State `json:"states,omitempty"`
	Filled    bool            `json:"filled,omitempty"`
	Exempt    string          `json:"exempt,omitempty"`
	Necessary []claim         `json:"necessary,omitempty"`
	Policy    string          `json:"policy,omitempty"`
	Message   json.RawMessage `json:"message,omitempty"` // MarshalJSON appends it
}

type claim struct {
	Why          string   `json:"why"`
	Destinations []string `json:"destinations"`
}

// MarshalJSON implements [json.Marshaler]. The error wraps [ErrEnvelope], for a message that
// has no JSON form or is too large.
func (e Envelope) MarshalJSON() ([]byte, error) {
	if e.Captured.Message == nil {
		return nil, fmt.Errorf("%w: no message", ErrEnvelope)
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	c := e.Captured
	out := envelope{
		Version: version, Type: e.Type, At: c.At.Round(0), States: c.States, Filled: c.Filled,
		Exempt: c.Exempt, Policy: c.Policy,
	}
	for _, n := range c.Necessary {
		out.Necessary = append(out.Necessary, claim(n))
	}
	message, err := json.Marshal(c.Message)
	if err != nil {
		return nil, fmt.Errorf("%w: the message has no JSON form", ErrEnvelope)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("%w: it has no JSON form", ErrEnvelope)
	}
	// The message is compact already, and encoding/json would check that at length.
	text = append(append(append(text[:len(text)-1], `,"message":`...), message...), '}')
	switch {
	case len(text) > maxSize:
		return nil, fmt.Errorf("%w: more than 1 MiB", ErrEnvelope)
	}
	return text, nil
}

// UnmarshalJSON implements [json.Unmarshaler]. The error wraps [ErrEnvelope]; the Envelope is
// then zero.
func (e *Envelope) UnmarshalJSON(text []byte) error {
	*e = Envelope{}
	read, err := open(text)
	if err != nil {
		return err
	}
	*e = read
	return nil
}
