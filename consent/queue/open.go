package queue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
)

// open reads the JSON of an envelope.
func open(text []byte) (Envelope, error) {
	if len(text) > maxSize {
		return Envelope{}, fmt.Errorf("%w: more than 1 MiB", ErrEnvelope)
	}
	var head struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(text, &head) != nil {
		return Envelope{}, fmt.Errorf("%w: not JSON of one", ErrEnvelope)
	}
	if head.Version != version {
		return Envelope{}, fmt.Errorf("%w: version %d", ErrEnvelope, head.Version)
	}
	var in envelope
	if decode(text, &in) != nil {
		return Envelope{}, fmt.Errorf("%w: not JSON of one", ErrEnvelope)
	}
	m, err := message(in.Type, in.Message)
	if err != nil {
		return Envelope{}, err
	}
	c := consent.Captured{
		Message: m, States: in.States, Filled: in.Filled, Exempt: in.Exempt, Policy: in.Policy, At: in.At,
	}
	for _, n := range in.Necessary {
		c.Necessary = append(c.Necessary, consent.Claim(n))
	}
	e, err := Seal(c)
	if err != nil {
		return Envelope{}, err
	}
	return e, nil
}

// decode decodes JSON in which nothing is unknown: what is not understood may be what
// closes something.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// fields are those of all messages. What is an object of the application's own stays as it
// is, member by member.
type fields struct {
	Type         string                     `json:"type"` // analytics-go sets it
	MessageID    string                     `json:"messageId"`
	AnonymousID  string                     `json:"anonymousId"`
	UserID       string                     `json:"userId"`
	PreviousID   string                     `json:"previousId"`
	GroupID      string                     `json:"groupId"`
	Event        string                     `json:"event"`
	Name         string                     `json:"name"`
	Timestamp    time.Time                  `json:"timestamp"`
	Context      map[string]json.RawMessage `json:"context"`
	Properties   map[string]json.RawMessage `json:"properties"`
	Traits       map[string]json.RawMessage `json:"traits"`
	Integrations map[string]json.RawMessage `json:"integrations"`
}

// types has a message of each type.
var types = map[string]analytics.Message{
	"track": analytics.Track{}, "identify": analytics.Identify{}, "page": analytics.Page{},
	"screen": analytics.Screen{}, "group": analytics.Group{}, "alias": analytics.Alias{},
}

// message returns the message of that type. A field that the type lacks is an error.
func message(kind string, text []byte) (analytics.Message, error) {
	m, ok := delivery.Open(types[kind])
	if !ok {
		return nil, fmt.Errorf("%w: no type of message", ErrEnvelope)
	}
	var f fields
	if decode(text, &f) != nil {
		return nil, fmt.Errorf("%w: the message is not one of analytics-go", ErrEnvelope)
	}
	*m.MessageID, *m.Timestamp, *m.Context, *m.Integrations = f.MessageID, f.Timestamp, f.context(), f.integrations()
	lacking := false
	set := func(field *string, value string) {
		if field != nil {
			*field = value
		}
		lacking = lacking || field == nil && value != ""
	}
	set(m.AnonymousID, f.AnonymousID)
	set(m.UserID, f.UserID)
	set(m.PreviousID, f.PreviousID)
	set(m.GroupID, f.GroupID)
	set(m.Event, f.Event)
	set(m.Name, f.Name)
	object, other := f.Properties, f.Traits
	if kind == "identify" || kind == "group" {
		object, other = other, object
	}
	if m.Object != nil {
		*m.Object = members(object)
	}
	if lacking || other != nil || m.Object == nil && object != nil {
		return nil, fmt.Errorf("%w: a field that a %s does not have", ErrEnvelope, kind)
	}
	return m.Value(), nil
}

// members returns an object with its values as they are.
func members(object map[string]json.RawMessage) map[string]any {
	if object == nil {
		return nil
	}
	m := make(map[string]any, len(object))
	for name, value := range object {
		m[name] = value
	}
	return m
}

// context returns a Context that has everything in its Extra: the fields of analytics-go
// would lose what they do not know.
func (f fields) context() *analytics.Context {
	if len(f.Context) == 0 {
		return nil
	}
	return &analytics.Context{Extra: members(f.Context)}
}

// integrations returns the integrations with true and false as such, as the client looks for
// them, and options as they are.
func (f fields) integrations() analytics.Integrations {
	i := members(f.Integrations)
	for name, value := range f.Integrations {
		switch string(value) {
		case "true":
			i[name] = true
		case "false":
			i[name] = false
		case "null":
			i[name] = nil
		}
	}
	return i
}
