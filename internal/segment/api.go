package segment

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// Hosts of Segment: the API of either region, and the CDN.
const (
	HostUS  = "api.segment.io"
	HostEU  = "events.eu1.segmentapis.com"
	HostCDN = "cdn.segment.com"
)

// The limits of the HTTP API, by Segment's documentation.
const (
	MaxBatchSize   = 500 << 10 // bytes of a request
	MaxEventSize   = 32 << 10
	MaxBatchEvents = 2500
	MaxMessageID   = 100 // bytes; an id is shorter
)

// Type returns the type of event that a call of the API takes, or "" for none. The
// calls are the types, and the short paths under which analytics.js makes them.
func Type(call string) string { return types[call] }

var types = map[string]string{
	"track": "track", "identify": "identify", "page": "page", "screen": "screen", "group": "group", "alias": "alias",
	"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias",
}

// A Sent is the part of an event's JSON that tests look at.
type Sent struct {
	Type         string         `json:"type"`
	Event        string         `json:"event"` // of a track
	Name         string         `json:"name"`  // of a page or a screen
	User         string         `json:"userId"`
	Anonymous    string         `json:"anonymousId"`
	Integrations map[string]any `json:"integrations"`
	Context      struct {
		Consent struct {
			Categories map[string]any `json:"categoryPreferences"`
		} `json:"consent"`
	} `json:"context"`
}

// ReadSent reads an event.
func ReadSent(event []byte) (s Sent, err error) {
	err = json.Unmarshal(event, &s)
	return s, err
}

// Stamped reports whether the event has a consent object: none leaves this library
// without a category.
func (s Sent) Stamped() bool { return len(s.Context.Consent.Categories) > 0 }

// String returns the type, the name if there is one, and the user.
func (s Sent) String() string {
	text := s.Type
	if name := s.Event + s.Name; name != "" {
		text += fmt.Sprintf(" %q", name)
	}
	if user := cmp.Or(s.User, s.Anonymous); user != "" {
		text += " by " + user
	}
	return text
}
