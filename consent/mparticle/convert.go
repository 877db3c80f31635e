package mparticle

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// A head is what a batch says of all its events. Two messages with equal heads may be in one
// batch.
type head struct {
	Environment     string            `json:"environment"`
	Identities      map[string]string `json:"user_identities"`
	Attributes      attributes        `json:"user_attributes,omitempty"`
	DeviceInfo      *deviceInfo       `json:"device_info,omitempty"`
	ApplicationInfo *applicationInfo  `json:"application_info,omitempty"`
	IP              string            `json:"ip,omitempty"`
}

// An event is one of a batch.
type event struct {
	Type string    `json:"event_type"`
	Data eventData `json:"data"`
}

type eventData struct {
	Name       string     `json:"event_name,omitempty"`
	Kind       string     `json:"custom_event_type,omitempty"`
	ScreenName string     `json:"screen_name,omitempty"`
	ID         string     `json:"source_message_id"`
	Timestamp  int64      `json:"timestamp_unixtime_ms"`
	Attributes attributes `json:"custom_attributes,omitempty"`
	Location   *location  `json:"location,omitempty"`
}

// An entry is a message as it leaves. It shares nothing with the message.
type entry struct {
	message analytics.Message
	head    string   // JSON
	state   string   // JSON of what was decided, without a time
	consent string   // JSON of the consent_state
	event   string   // JSON, or "" if the message is none
	users   []string // the identities, each with its kind
	number  uint64   // in the order in which entries were accepted
}

// A call has the parts that messages of all types have.
type call struct {
	messageID, anonymousID, userID string
	at                             time.Time
	context                        *analytics.Context
	traits                         map[string]any
	event                          *event
}

// callOf returns the parts of a message, given by value.
func callOf(m analytics.Message) (c call, err error) {
	switch m := m.(type) {
	case analytics.Track:
		c = call{m.MessageId, m.AnonymousId, m.UserId, m.Timestamp, m.Context, nil, &event{Type: "custom_event"}}
		c.event.Data.Name, c.event.Data.Kind = m.Event, "other"
		c.event.Data.Attributes, err = scalars(m.Properties)
	case analytics.Page:
		c = call{m.MessageId, m.AnonymousId, m.UserId, m.Timestamp, m.Context, nil, nil}
		c.event, err = screenView(m.Name, m.Properties)
	case analytics.Screen:
		c = call{m.MessageId, m.AnonymousId, m.UserId, m.Timestamp, m.Context, nil, nil}
		c.event, err = screenView(m.Name, m.Properties)
	case analytics.Identify:
		c = call{m.MessageId, m.AnonymousId, m.UserId, m.Timestamp, m.Context, m.Traits, nil}
	case analytics.Group, analytics.Alias:
		err = fmt.Errorf("%w: a %T", ErrUnsupported, m)
	default:
		err = fmt.Errorf("%w: %T", consent.ErrMessage, m)
	}
	return c, err
}

func screenView(name string, properties map[string]any) (*event, error) {
	for _, key := range []string{"title", "path"} {
		if text, ok := properties[key].(string); ok && name == "" {
			name = text
		}
	}
	if name == "" {
		return nil, fmt.Errorf("%w: a page or screen without a name, and without a title or path among the properties", ErrUnsupported)
	}
	own, err := scalars(properties)
	return &event{Type: "screen_view", Data: eventData{ScreenName: name, Attributes: own}}, err
}

// convert returns the message, given by value, as it leaves at the time.
func convert(m analytics.Message, c Config, now time.Time) (e entry, err error) {
	call, err := callOf(m)
	if err != nil {
		return e, err
	}
	state, ok := stateOf(call.context)
	if !ok {
		return e, errNoState
	}
	h, err := headOf(call, c)
	if err != nil {
		return e, err
	}
	e = entry{message: m}
	for kind, id := range h.Identities {
		e.users = append(e.users, kind+"="+id)
	}
	if call.event != nil {
		if err := complete(call, now); err != nil {
			return e, err
		}
		e.event = text(call.event)
	}
	e.head, e.state, e.consent = text(h), text(state), text(state.wire(c, now))
	if e.size() > maxBatch {
		return e, analytics.ErrMessageTooBig
	}
	return e, nil
}

// text returns the JSON of a value of this package.
func text(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("mparticle: what was converted has no JSON form: " + err.Error())
	}
	return string(text)
}

func headOf(c call, config Config) (head, error) {
	h := head{Environment: config.environment(), Identities: make(map[string]string)}
	for kind, id := range map[string]string{"customer_id": c.userID, config.anonymousID(): c.anonymousID} {
		if !utf8.ValidString(id) {
			return h, ErrID
		}
		if id != "" {
			h.Identities[kind] = id
		}
	}
	var err error
	if h.Attributes, err = lists(c.traits); err != nil {
		return h, err
	}
	if c.context != nil {
		h.DeviceInfo, h.ApplicationInfo = deviceInfoOf(c.context), applicationInfoOf(c.context)
		if c.context.IP.To16() != nil {
			h.IP = c.context.IP.String()
		}
	}
	return h, nil
}

// complete gives an event what all events have.
func complete(c call, now time.Time) (err error) {
	d := &c.event.Data
	if d.ID = c.messageID; d.ID == "" {
		d.ID = rand.Text()
	}
	if c.at.IsZero() {
		c.at = now
	}
	d.Timestamp = c.at.UnixMilli()
	if c.context != nil {
		d.Location, err = locationOf(c.context.Location)
	}
	if characters(d.Name) > maxName || characters(d.ScreenName) > maxName {
		return fmt.Errorf("%w: the name of an event has more than %d characters", ErrLimit, maxName)
	}
	return err
}
