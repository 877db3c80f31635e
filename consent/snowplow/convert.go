package snowplow

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/segmentio/analytics-go/v3"
	"github.com/snowplow/snowplow-golang-tracker/v3/pkg/payload"
	"github.com/snowplow/snowplow-golang-tracker/v3/tracker"

	"github.com/go-consent/segment/consent"
)

// The schemas of what the tracker has no event for.
const (
	schemaTrack       = "iglu:com.segment/track/jsonschema/1-0-0"
	schemaPage        = "iglu:com.segment/page/jsonschema/2-0-0"
	schemaScreen      = "iglu:com.segment/screen/jsonschema/2-0-0"
	schemaIdentify    = "iglu:com.segment/identify/jsonschema/1-0-0"
	schemaGroup       = "iglu:com.segment/group/jsonschema/2-0-0"
	schemaAlias       = "iglu:com.segment/alias/jsonschema/2-0-0"
	schemaContext     = "iglu:com.segment/context/jsonschema/1-0-0"
	schemaGDPR        = "iglu:com.snowplowanalytics.snowplow/gdpr/jsonschema/1-0-0"
	schemaPreferences = "iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0"
)

// What a payload has more in the body of a request: the time of sending, twice where the
// emitter counts it, a comma, and its part of what is around all of them.
const overhead = 200

// A converter makes payloads of messages.
type converter struct {
	appID, namespace string
	schemas          map[string]string // of Track events, by name
	gdpr             *GDPR
	busy             chan bool // an emitter with it believes that it is sending, and starts nothing
}

// payload returns the payload that the tracker makes of the message, and its size. Nothing in
// it is shared with the message.
func (c *converter) payload(m analytics.Message) (made payload.Payload, size int, err error) {
	given, ok := open(m)
	if !ok {
		return made, 0, fmt.Errorf("%w: %T", consent.ErrMessage, m)
	}
	e, err := c.event(given)
	if err != nil {
		return made, 0, err
	}
	stored := new(rows)
	e.track(tracker.Tracker{
		Emitter: &tracker.Emitter{Storage: stored, SendChannel: c.busy},
		AppId:   c.appID, Namespace: c.namespace, Platform: tracker.DEFAULT_PLATFORM, Base64Encode: true,
	})
	made = stored.events[0].Event
	if size = len(made.String()) + overhead; size > maxRequestBytes {
		return made, 0, analytics.ErrMessageTooBig
	}
	return made, size, nil
}

// An event is what the tracker is given of a message.
type event struct {
	url, title, referrer string // of a page view
	screen               string // of a screen view
	schema               string // of a self-describing event
	data                 any

	id       string
	when     *int64
	subject  *tracker.Subject
	entities []tracker.SelfDescribingJson
}

// track gives the event to the tracker, which panics if a field is missing: event sets all.
func (e *event) track(t tracker.Tracker) {
	switch {
	case e.url != "":
		t.TrackPageView(tracker.PageViewEvent{
			PageUrl: &e.url, PageTitle: &e.title, Referrer: &e.referrer,
			EventId: &e.id, TrueTimestamp: e.when, Subject: e.subject, Contexts: e.entities,
		})
	case e.screen != "":
		t.TrackScreenView(tracker.ScreenViewEvent{
			Name: &e.screen, EventId: &e.id, TrueTimestamp: e.when, Subject: e.subject, Contexts: e.entities,
		})
	default:
		t.TrackSelfDescribingEvent(tracker.SelfDescribingEvent{
			Event:   tracker.InitSelfDescribingJson(e.schema, e.data),
			EventId: &e.id, TrueTimestamp: e.when, Subject: e.subject, Contexts: e.entities,
		})
	}
}

func (e *event) add(schema string, data any) {
	e.entities = append(e.entities, *tracker.InitSelfDescribingJson(schema, data))
}

func (c *converter) event(m message) (*event, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	e := &event{id: eventID(m.id), when: m.milliseconds(), subject: m.subject()}
	said, rest, err := m.split()
	if err != nil {
		return nil, err
	}
	if c.gdpr != nil && said.Basis.isKnown() {
		e.add(schemaGDPR, c.gdpr.of(said.Basis))
	}
	if said.Preferences != nil && m.kind == kindTrack && m.name == consent.UpdateEvent {
		e.schema, e.data = schemaPreferences, said.Preferences
		return e, nil
	}
	if rest != nil {
		e.add(schemaContext, rest)
	}
	return e, c.describe(e, m)
}

// describe says what the event is.
func (c *converter) describe(e *event, m message) (err error) {
	switch m.kind {
	case kindTrack:
		if schema := c.schemas[m.name]; schema != "" {
			e.schema = schema
			e.data, err = object(m.object)
			return err
		}
	case kindPage:
		if done, err := e.pageView(m); done || err != nil {
			return err
		}
	case kindScreen:
		if m.name != "" {
			e.screen = m.name
			if len(m.object) == 0 {
				return nil
			}
			data, err := m.data()
			e.add(schemaScreen, data)
			return err
		}
	}
	e.schema = m.schema()
	e.data, err = m.data()
	return err
}

// pageView makes the event one, if the message has a URL.
func (e *event) pageView(m message) (done bool, err error) {
	page, referrer := m.page()
	take := func(key, otherwise string) string {
		if text, ok := m.object[key].(string); ok && text != "" {
			return text
		}
		return otherwise
	}
	address := take("url", page.URL)
	if u, err := url.Parse(address); address == "" || err != nil || !u.IsAbs() {
		return false, nil
	}
	e.url, e.title, e.referrer = address, take("title", page.Title), take("referrer", referrer)
	rest := make(map[string]any, len(m.object))
	for key, value := range m.object {
		rest[key] = value
	}
	for key, text := range map[string]string{"url": e.url, "title": e.title, "referrer": e.referrer} {
		if rest[key] == any(text) {
			delete(rest, key)
		}
	}
	if e.title == "" {
		e.title = m.name
	}
	if err := tooLong("the URL of the page", e.url, maxURL); err != nil {
		return true, err
	}
	if err := tooLong("the title of the page", e.title, maxTitle); err != nil {
		return true, err
	}
	if err := tooLong("the referrer of the page", e.referrer, maxURL); err != nil {
		return true, err
	}
	if len(rest) == 0 && m.name == "" {
		return true, nil
	}
	m.object = rest
	data, err := m.data()
	e.add(schemaPage, data)
	return true, err
}

// object returns the JSON of properties or traits. It is never null.
func object(values map[string]any) (json.RawMessage, error) {
	if values == nil {
		return json.RawMessage("{}"), nil
	}
	return encoded(values)
}

// encoded returns the JSON of a value of the application. The error, and a panic of its
// MarshalJSON, may quote it.
func encoded(value any) (text json.RawMessage, err error) {
	defer func() {
		if recover() != nil {
			text, err = nil, fmt.Errorf("%w: a %T", consent.ErrNoJSON, value)
		}
	}()
	text, err = json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%w: a %T", consent.ErrNoJSON, value)
	}
	return text, nil
}
