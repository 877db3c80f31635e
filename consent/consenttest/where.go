package consenttest

import (
	"maps"

	"github.com/segmentio/analytics-go/v3"
)

// A Filter selects messages: those that match each field that is set. The zero
// Filter selects all.
type Filter struct {
	Type  string // "track", "identify", "page", "screen", "group" or "alias"
	Event string // of a track; for a page or a screen, its name
	User  string // the user id or the anonymous id; of an alias, the previous id too
}

// Where returns a separate Recorder with the messages recorded so far that match f:
//
//	recorder.Where(consenttest.Filter{Event: "Signed Up"}).RequireReached(t, "Amplitude", 1)
//
// If none matches, its Require methods fail, as they do if nothing was tracked: the filter may be
// misspelt.
func (r *Recorder) Where(f Filter) *Recorder {
	r.mu.Lock()
	defer r.mu.Unlock()
	selected := &Recorder{
		Destinations: r.Destinations, named: maps.Clone(r.named), policy: r.policy, filter: r.filter.and(f), unenforced: r.unenforced,
	}
	for _, e := range r.events {
		if f.matches(e.Message) {
			selected.events = append(selected.events, e)
		}
	}
	for _, d := range r.decided {
		if f.matches(d.Message) {
			selected.decided = append(selected.decided, d)
		}
	}
	return selected
}

func (f Filter) matches(m analytics.Message) bool {
	h := headOf(m)
	return (f.Type == "" || f.Type == h.kind) &&
		(f.Event == "" || f.Event == h.name) &&
		(f.User == "" || f.User == h.user || f.User == h.anonymous)
}

// and describes both filters. Where they differ nothing matches, and either says so.
func (f Filter) and(g Filter) Filter {
	for _, part := range []struct{ held, added *string }{{&f.Type, &g.Type}, {&f.Event, &g.Event}, {&f.User, &g.User}} {
		if *part.added != "" {
			*part.held = *part.added
		}
	}
	return f
}

func (f Filter) String() string {
	s := ""
	for _, part := range []struct{ label, value string }{{"type", f.Type}, {"event", f.Event}, {"user", f.User}} {
		if part.value != "" {
			s += " of " + part.label + " " + part.value
		}
	}
	return s
}
