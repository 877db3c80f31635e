package snowplow

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/snowplow/snowplow-golang-tracker/v3/tracker"
)

// A kind is the type of a message, as the schemas of com.segment have it.
type kind string

const (
	kindTrack    kind = "track"
	kindPage     kind = "page"
	kindScreen   kind = "screen"
	kindIdentify kind = "identify"
	kindGroup    kind = "group"
	kindAlias    kind = "alias"
)

// A message has the fields of a message of any type.
type message struct {
	kind                      kind
	id, anonymousID, userID   string
	name, groupID, previousID string // name is the Event of a Track too
	timestamp                 time.Time
	object                    map[string]any // Properties or Traits
	context                   *analytics.Context
}

func open(given analytics.Message) (message, bool) {
	switch m := given.(type) {
	case analytics.Track:
		return message{kind: kindTrack, id: m.MessageId, anonymousID: m.AnonymousId, userID: m.UserId, name: m.Event, timestamp: m.Timestamp, object: m.Properties, context: m.Context}, true
	case analytics.Page:
		return message{kind: kindPage, id: m.MessageId, anonymousID: m.AnonymousId, userID: m.UserId, name: m.Name, timestamp: m.Timestamp, object: m.Properties, context: m.Context}, true
	case analytics.Screen:
		return message{kind: kindScreen, id: m.MessageId, anonymousID: m.AnonymousId, userID: m.UserId, name: m.Name, timestamp: m.Timestamp, object: m.Properties, context: m.Context}, true
	case analytics.Identify:
		return message{kind: kindIdentify, id: m.MessageId, anonymousID: m.AnonymousId, userID: m.UserId, timestamp: m.Timestamp, object: m.Traits, context: m.Context}, true
	case analytics.Group:
		return message{kind: kindGroup, id: m.MessageId, anonymousID: m.AnonymousId, userID: m.UserId, groupID: m.GroupId, timestamp: m.Timestamp, object: m.Traits, context: m.Context}, true
	case analytics.Alias:
		return message{kind: kindAlias, id: m.MessageId, userID: m.UserId, previousID: m.PreviousId, timestamp: m.Timestamp, context: m.Context}, true
	default:
		return message{}, false
	}
}

func (m message) schema() string {
	return map[kind]string{
		kindTrack: schemaTrack, kindPage: schemaPage, kindScreen: schemaScreen,
		kindIdentify: schemaIdentify, kindGroup: schemaGroup, kindAlias: schemaAlias,
	}[m.kind]
}

// data returns what the schemas of com.segment have of the message.
func (m message) data() (any, error) {
	d := struct {
		Type        kind            `json:"type"`
		MessageID   string          `json:"messageId,omitempty"`
		AnonymousID string          `json:"anonymousId,omitempty"`
		UserID      string          `json:"userId,omitempty"`
		Event       string          `json:"event,omitempty"`
		Name        string          `json:"name,omitempty"`
		GroupID     string          `json:"groupId,omitempty"`
		PreviousID  string          `json:"previousId,omitempty"`
		Timestamp   string          `json:"timestamp,omitempty"`
		Properties  json.RawMessage `json:"properties,omitempty"`
		Traits      json.RawMessage `json:"traits,omitempty"`
	}{
		Type: m.kind, MessageID: m.id, AnonymousID: m.anonymousID, UserID: m.userID, Name: m.name,
		GroupID: m.groupID, PreviousID: m.previousID,
	}
	if m.kind == kindTrack {
		d.Event, d.Name = m.name, ""
	}
	if !m.timestamp.IsZero() {
		d.Timestamp = m.timestamp.UTC().Format(time.RFC3339Nano)
	}
	if m.object == nil {
		return d, nil
	}
	text, err := object(m.object)
	if err == nil {
		err = m.checkObject(text)
	}
	if m.kind == kindIdentify || m.kind == kindGroup {
		d.Traits = text
	} else {
		d.Properties = text
	}
	return d, err
}

// milliseconds returns the Timestamp as the tracker takes it, or nil for none.
func (m message) milliseconds() *int64 {
	if m.timestamp.IsZero() {
		return nil
	}
	ms := m.timestamp.UnixMilli()
	return &ms
}

// subject returns whom the event is about. It is for the event alone: of a Subject that
// events share, one would tell of another's visitor.
func (m message) subject() *tracker.Subject {
	s := tracker.InitSubject()
	s.SetUserId(m.userID)
	s.SetDomainUserId(m.anonymousID)
	c := m.context
	if c == nil {
		return s
	}
	if len(c.IP) > 0 {
		s.SetIpAddress(c.IP.String())
	}
	s.SetUseragent(cut(c.UserAgent, maxUserAgent))
	s.SetLanguage(c.Locale)
	s.SetTimeZone(c.Timezone)
	if c.Screen.Width > 0 && c.Screen.Height > 0 {
		s.SetScreenResolution(c.Screen.Width, c.Screen.Height)
	}
	return s
}

// page returns what the Context says of a page, and of where the visitor came from.
func (m message) page() (page analytics.PageInfo, referrer string) {
	if m.context == nil {
		return page, ""
	}
	page, referrer = m.context.Page, m.context.Page.Referrer
	if referrer == "" {
		referrer = m.context.Referrer.URL
	}
	return page, referrer
}

// split returns what the Router said, and the rest of the Context as JSON, or nil if there is
// none. What has a field of its own and is about a person stands only there.
func (m message) split() (said mark, rest json.RawMessage, err error) {
	if m.context == nil {
		return said, nil, nil
	}
	text, err := encoded(*m.context)
	if err != nil {
		return said, nil, err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return said, nil, fmt.Errorf("the Context: %w", errObject)
	}
	if text, ok := values[contextKey]; ok {
		if json.Unmarshal(text, &said) != nil {
			said = mark{} // not the Router's, if it sends unchanged
		} else {
			delete(values, contextKey)
		}
	}
	for key := range values {
		if strings.EqualFold(key, "ip") || strings.EqualFold(key, "userAgent") {
			delete(values, key)
		}
	}
	if len(values) == 0 {
		return said, nil, nil
	}
	rest, err = json.Marshal(values)
	return said, rest, err
}
