package rudderstack

import (
	"encoding/json"
	"fmt"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// convert returns the message as RudderStack's client takes it, with an id. Nothing in it is
// shared with the message that was given.
func convert(m analytics.Message, newID func() string) (converted rudder.Message, id string, err error) {
	var c copier
	switch m := m.(type) {
	case analytics.Track:
		id = idOr(m.MessageId, newID)
		converted = rudder.Track{
			MessageId: id, AnonymousId: m.AnonymousId, UserId: m.UserId, Event: m.Event, OriginalTimestamp: m.Timestamp,
			Context: c.context(m.Context), Properties: c.values(m.Properties), Integrations: c.values(m.Integrations),
		}
	case analytics.Identify:
		id = idOr(m.MessageId, newID)
		converted = rudder.Identify{
			MessageId: id, AnonymousId: m.AnonymousId, UserId: m.UserId, OriginalTimestamp: m.Timestamp,
			Context: c.context(m.Context), Traits: c.values(m.Traits), Integrations: c.values(m.Integrations),
		}
	case analytics.Page:
		id = idOr(m.MessageId, newID)
		converted = rudder.Page{
			MessageId: id, AnonymousId: m.AnonymousId, UserId: m.UserId, Name: m.Name, OriginalTimestamp: m.Timestamp,
			Context: c.context(m.Context), Properties: c.values(m.Properties), Integrations: c.values(m.Integrations),
		}
	case analytics.Screen:
		id = idOr(m.MessageId, newID)
		converted = rudder.Screen{
			MessageId: id, AnonymousId: m.AnonymousId, UserId: m.UserId, Name: m.Name, OriginalTimestamp: m.Timestamp,
			Context: c.context(m.Context), Properties: c.values(m.Properties), Integrations: c.values(m.Integrations),
		}
	case analytics.Group:
		id = idOr(m.MessageId, newID)
		converted = rudder.Group{
			MessageId: id, AnonymousId: m.AnonymousId, UserId: m.UserId, GroupId: m.GroupId, OriginalTimestamp: m.Timestamp,
			Context: c.context(m.Context), Traits: c.values(m.Traits), Integrations: c.values(m.Integrations),
		}
	case analytics.Alias:
		id = idOr(m.MessageId, newID)
		converted = rudder.Alias{
			MessageId: id, UserId: m.UserId, PreviousId: m.PreviousId, OriginalTimestamp: m.Timestamp,
			Context: c.context(m.Context), Integrations: c.values(m.Integrations),
		}
	default:
		return nil, "", fmt.Errorf("%w: %T", consent.ErrMessage, m)
	}
	return converted, id, c.err
}

func idOr(id string, newID func() string) string {
	if id == "" {
		return newID()
	}
	return id
}

// idOf returns the id of a message that convert made.
func idOf(m rudder.Message) string {
	switch m := m.(type) {
	case rudder.Track:
		return m.MessageId
	case rudder.Identify:
		return m.MessageId
	case rudder.Page:
		return m.MessageId
	case rudder.Screen:
		return m.MessageId
	case rudder.Group:
		return m.MessageId
	case rudder.Alias:
		return m.MessageId
	default:
		return ""
	}
}

// A copier copies what a message holds, and keeps the first error.
type copier struct{ err error }

// values returns the map with values that nobody else can change: RudderStack's client makes
// JSON of them later, on a goroutine where a panic ends the process.
func (c *copier) values(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	copied := make(map[string]any, len(m))
	for key, value := range m {
		switch value.(type) {
		case nil, bool, string, int, int64:
			copied[key] = value
		default:
			copied[key] = c.json(value)
		}
	}
	return copied
}

func (c *copier) json(value any) (text json.RawMessage) {
	fail := func() {
		if c.err == nil {
			c.err = fmt.Errorf("%w: a %T", consent.ErrNoJSON, value)
		}
	}
	defer func() {
		if recover() != nil {
			fail()
		}
	}()
	text, err := json.Marshal(value)
	if err != nil {
		fail()
	}
	return text
}

func (c *copier) context(given *analytics.Context) *rudder.Context {
	if given == nil {
		return nil
	}
	copied := &rudder.Context{
		App: rudder.AppInfo(given.App), Campaign: rudder.CampaignInfo(given.Campaign), Device: rudder.DeviceInfo(given.Device),
		Location: rudder.LocationInfo(given.Location), Network: rudder.NetworkInfo(given.Network), OS: rudder.OSInfo(given.OS),
		Page: rudder.PageInfo(given.Page), Referrer: rudder.ReferrerInfo(given.Referrer), Screen: rudder.ScreenInfo(given.Screen),
		IP: append([]byte(nil), given.IP...), Direct: given.Direct, Locale: given.Locale, Timezone: given.Timezone,
		UserAgent: given.UserAgent, Traits: c.values(given.Traits), Extra: c.values(given.Extra),
	}
	if given.GroupID != "" { // a field of Segment's client alone
		if copied.Extra == nil {
			copied.Extra = make(map[string]any)
		}
		copied.Extra["groupId"] = given.GroupID
	}
	return copied
}
