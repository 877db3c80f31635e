package delivery

import (
	"encoding/json"
	"math"
	"net"

	"github.com/segmentio/analytics-go/v3"
)

// NotFrozen is the size of Integrations that were not frozen.
const NotFrozen = -1

// Sizes of what every message has, checked by the tests.
const (
	headSize    = 256 // the names of the fields that the types have, and the type
	idSize      = 64  // the id that analytics-go makes
	contextSize = 872 // the names and numbers of a Context with all of its fields
)

// Freeze returns the map with plain JSON values: itself, or a copy if a value had to be
// replaced. MarshalJSON of a value is called once, here, even if the message is not sent. A
// value that is false in JSON becomes a plain false. The size is an upper bound of the
// JSON's. A value without a JSON form is an [ErrNoJSON].
func Freeze(m map[string]any) (frozen map[string]any, size int, err error) {
	var f freezer
	frozen = f.object(m)
	return frozen, f.size, f.err
}

// FreezeContext does the same for a Context, which is copied.
func FreezeContext(c *analytics.Context) (*analytics.Context, error) {
	if c == nil {
		return nil, nil
	}
	var f freezer
	copied := *c
	f.context(&copied)
	return &copied, f.err
}

// freeze makes the message safe to pass to analytics-go, which encodes it later, on a
// goroutine shared by all messages: a value that fails there is lost with a line in a log,
// one that panics ends the process, and one that blocks stops everything. So values are
// encoded here, on the goroutine of the caller. freeze writes to the Context, which must be
// the message's own.
//
// It returns an upper bound of the JSON's size, and roughly the bytes of memory that the
// message holds. Only a message that may be too large is measured: the bound is cheaper
// than encoding every message twice.
func freeze(m *Message, integrations int) (size, memory int, err error) {
	f := freezer{size: headSize + idSize, memory: messageMemory}
	f.time(*m.Timestamp)
	for _, text := range [...]*string{m.MessageID, m.AnonymousID, m.UserID, m.Event, m.Name, m.GroupID, m.PreviousID} {
		if text != nil {
			f.text(*text)
		}
	}
	if m.Object != nil {
		*m.Object = f.object(*m.Object)
	}
	if *m.Context != nil {
		f.context(*m.Context)
	}
	if integrations == NotFrozen {
		*m.Integrations = f.object(*m.Integrations)
	} else {
		f.size += integrations
	}
	if f.err == nil && f.size > maxMessage {
		f.measure(m)
	}
	return f.size, f.memory, f.err
}

// measure replaces the bound by the exact size.
func (f *freezer) measure(m *Message) {
	text, err := json.Marshal(m.Pointer())
	if err != nil {
		f.fail(m.Pointer())
		return
	}
	f.size = len(text)
	if *m.MessageID == "" {
		f.size += idSize
	}
	if *m.Type == "" {
		f.size += len(`"type":"identify",`)
	}
	if f.size > maxMessage {
		f.err = analytics.ErrMessageTooBig
	}
}

// context freezes the values of a Context in place. A test fails if analytics-go adds a
// field that is not here.
func (f *freezer) context(c *analytics.Context) {
	f.size += contextSize
	f.memory += contextMemory
	for _, text := range [...]string{
		c.App.Name, c.App.Version, c.App.Build, c.App.Namespace,
		c.Campaign.Name, c.Campaign.Source, c.Campaign.Medium, c.Campaign.Term, c.Campaign.Content,
		c.Device.Id, c.Device.Manufacturer, c.Device.Model, c.Device.Name, c.Device.Type, c.Device.Version, c.Device.AdvertisingID,
		c.Library.Name, c.Library.Version,
		c.Location.City, c.Location.Country, c.Location.Region,
		c.Network.Carrier, c.OS.Name, c.OS.Version,
		c.Page.Hash, c.Page.Path, c.Page.Referrer, c.Page.Search, c.Page.Title, c.Page.URL,
		c.Referrer.Type, c.Referrer.Name, c.Referrer.URL, c.Referrer.Link,
		c.Locale, c.GroupID, c.Timezone, c.UserAgent,
	} {
		f.characters(text)
	}
	for _, number := range [...]float64{c.Location.Latitude, c.Location.Longitude, c.Location.Speed} {
		if math.IsNaN(number) || math.IsInf(number, 0) {
			f.fail(number)
		}
	}
	if n := len(c.IP); n != 0 && n != net.IPv4len && n != net.IPv6len {
		f.fail(c.IP)
	}
	c.Traits = f.object(c.Traits)
	c.Extra = f.object(c.Extra)
}
