package consent

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

const (
	maxMessageSize = 32000 // analytics-go drops what is larger, and Segment refuses it
	maxNesting     = 100   // of the values in a message; a map may hold itself
)

// freeze returns the message as it can be handed to analytics-go, which turns it
// into JSON later, on a goroutine of its own: a value that fails there is lost with
// a line in a log, one that panics ends the process, and one that blocks stops
// everybody's messages. So values that are more than plain JSON become JSON here.
// What is too large or has no JSON form is an error. The caller's maps are not
// changed.
//
// The size is estimated from above, which costs less than a second JSON of every
// message; only one that may be too large is measured.
func freeze(m analytics.Message) (analytics.Message, error) {
	f := freezer{size: 512} // the names of the fields, the id and the time that analytics-go adds
	switch msg := m.(type) {
	case analytics.Track:
		f.head(msg.Timestamp, msg.MessageId, msg.AnonymousId, msg.UserId, msg.Event)
		msg.Properties, msg.Context, msg.Integrations = f.object(msg.Properties), f.context(msg.Context), f.object(msg.Integrations)
		m = msg
	case analytics.Identify:
		f.head(msg.Timestamp, msg.MessageId, msg.AnonymousId, msg.UserId)
		msg.Traits, msg.Context, msg.Integrations = f.object(msg.Traits), f.context(msg.Context), f.object(msg.Integrations)
		m = msg
	case analytics.Page:
		f.head(msg.Timestamp, msg.MessageId, msg.AnonymousId, msg.UserId, msg.Name)
		msg.Properties, msg.Context, msg.Integrations = f.object(msg.Properties), f.context(msg.Context), f.object(msg.Integrations)
		m = msg
	case analytics.Screen:
		f.head(msg.Timestamp, msg.MessageId, msg.AnonymousId, msg.UserId, msg.Name)
		msg.Properties, msg.Context, msg.Integrations = f.object(msg.Properties), f.context(msg.Context), f.object(msg.Integrations)
		m = msg
	case analytics.Group:
		f.head(msg.Timestamp, msg.MessageId, msg.AnonymousId, msg.UserId, msg.GroupId)
		msg.Traits, msg.Context, msg.Integrations = f.object(msg.Traits), f.context(msg.Context), f.object(msg.Integrations)
		m = msg
	case analytics.Alias:
		f.head(msg.Timestamp, msg.MessageId, msg.PreviousId, msg.UserId)
		msg.Context, msg.Integrations = f.context(msg.Context), f.object(msg.Integrations)
		m = msg
	}
	if f.err == nil && f.size > maxMessageSize {
		f.measure(m)
	}
	return m, f.err
}

type freezer struct {
	size int // of the JSON, at most
	err  error
}

func (f *freezer) fail(what any) {
	if f.err == nil {
		f.err = fmt.Errorf("%w: a %T", ErrNoJSON, what)
	}
}

// measure replaces the estimate: a message may be a good deal smaller than that.
func (f *freezer) measure(m analytics.Message) {
	b, err := json.Marshal(m)
	switch {
	case err != nil:
		f.fail(m)
	case len(b)+128 > maxMessageSize: // the id and the time are still to come
		f.err = analytics.ErrMessageTooBig
	}
}

func (f *freezer) head(t time.Time, texts ...string) {
	f.time(t)
	f.texts(texts...)
}

// texts adds strings, of which every byte may become \u00xx.
func (f *freezer) texts(texts ...string) {
	for _, s := range texts {
		f.size += 6*len(s) + len(`"": ,`)
	}
}

func (f *freezer) number(n float64) {
	f.size += 32
	if math.IsNaN(n) || math.IsInf(n, 0) {
		f.fail(n)
	}
}

// time adds a time; RFC 3339 has four digits for the year and no offsets of days.
func (f *freezer) time(t time.Time) {
	f.size += 64
	_, offset := t.Zone()
	if y := t.Year(); y < 0 || y > 9999 || offset <= -24*60*60 || offset >= 24*60*60 {
		f.fail(t)
	}
}

// object returns the map with its values frozen: itself, or a copy if one changed.
func (f *freezer) object(m map[string]any) map[string]any {
	frozen, _ := f.members(m, 0)
	return frozen
}

func (f *freezer) members(m map[string]any, depth int) (frozen map[string]any, changed bool) {
	if depth > maxNesting {
		f.fail(m)
		return m, false
	}
	frozen = m
	for name, value := range m {
		f.texts(name)
		if v, ok := f.value(value, depth); ok {
			if !changed {
				frozen, changed = maps.Clone(m), true
			}
			frozen[name] = v
		}
	}
	return frozen, changed
}

func (f *freezer) list(l []any, depth int) ([]any, bool) {
	if depth > maxNesting {
		f.fail(l)
		return l, false
	}
	var out []any
	for i, value := range l {
		f.size++
		if frozen, changed := f.value(value, depth); changed {
			if out == nil {
				out = append(out, l...)
			}
			out[i] = frozen
		}
	}
	if out == nil {
		return l, false
	}
	return out, true
}

// value freezes a value, and reports whether it had to be replaced.
func (f *freezer) value(v any, depth int) (any, bool) {
	switch v := v.(type) {
	case nil, bool:
		f.size += len("false")
	case string:
		f.texts(v)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		f.size += 32
	case float32:
		f.number(float64(v))
	case float64:
		f.number(v)
	case time.Time:
		f.time(v)
	case []string:
		f.texts(v...)
	case map[string]bool:
		for name := range v {
			f.texts(name, "false")
		}
	case map[string]any:
		return f.members(v, depth+1)
	case []any:
		return f.list(v, depth+1)
	default:
		return f.marshal(v), true
	}
	return v, false
}

// marshal makes JSON of a value that may have methods or pointers.
func (f *freezer) marshal(v any) (frozen json.RawMessage) {
	defer func() {
		if recover() != nil {
			f.fail(v)
		}
	}()
	frozen, err := json.Marshal(v)
	if err != nil {
		f.fail(v)
	}
	f.size += len(frozen)
	return frozen
}

// context freezes a context of the Client's own, which it may write to.
func (f *freezer) context(c *analytics.Context) *analytics.Context {
	if c == nil {
		return nil
	}
	f.size += 1024 // the names of its fields
	f.texts(
		c.App.Name, c.App.Version, c.App.Build, c.App.Namespace,
		c.Campaign.Name, c.Campaign.Source, c.Campaign.Medium, c.Campaign.Term, c.Campaign.Content,
		c.Device.Id, c.Device.Manufacturer, c.Device.Model, c.Device.Name, c.Device.Type, c.Device.Version, c.Device.AdvertisingID,
		c.Library.Name, c.Library.Version,
		c.Location.City, c.Location.Country, c.Location.Region,
		c.Network.Carrier, c.OS.Name, c.OS.Version,
		c.Page.Hash, c.Page.Path, c.Page.Referrer, c.Page.Search, c.Page.Title, c.Page.URL,
		c.Referrer.Type, c.Referrer.Name, c.Referrer.URL, c.Referrer.Link,
		c.Locale, c.GroupID, c.Timezone, c.UserAgent,
	)
	f.number(c.Location.Latitude)
	f.number(c.Location.Longitude)
	f.number(c.Location.Speed)
	f.size += 32 * 4 // the numbers of Screen, and the address
	if n := len(c.IP); n != 0 && n != net.IPv4len && n != net.IPv6len {
		f.fail(c.IP)
	}
	c.Traits = f.object(c.Traits)
	c.Extra = f.object(c.Extra)
	return c
}
