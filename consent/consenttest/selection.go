package consenttest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// A Filter selects messages: those that match each field that is set. The zero
// Filter selects all.
type Filter struct {
	Type  string // "track", "identify", "page", "screen", "group" or "alias"
	Event string // of a track; for a page or a screen, its name
	User  string // the user id or the anonymous id; of an alias, the previous id too
}

func (f Filter) matches(m analytics.Message) bool {
	h := headOf(m)
	return (f.Type == "" || f.Type == h.kind) &&
		(f.Event == "" || f.Event == h.name) &&
		(f.User == "" || f.User == h.user || f.User == h.anonymous)
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

// A Selection is what a Recorder has recorded, and goes on recording, of the
// messages that match a Filter.
type Selection struct {
	recorder *Recorder
	filter   Filter
}

// Where returns the selection of what matches f:
//
//	recorder.Where(consenttest.Filter{Event: "Signed Up"}).RequireReached(t, "Amplitude", 1)
func (r *Recorder) Where(f Filter) Selection { return Selection{r, f} }

// Events returns the selected events, in order. The list and its JSON are copies.
func (s Selection) Events() []Event {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	var events []Event
	for _, e := range s.recorder.events {
		if s.filter.matches(e.Message) {
			events = append(events, Event{e.Message, bytes.Clone(e.JSON)})
		}
	}
	return events
}

// Reached returns the selected events that the destination of that name would have
// received, by the rules Segment documents for the integrations object ("Filtering
// data", "Warehouses FAQ"):
//
//   - The entry under the exact name decides: false closes, any other value opens.
//   - Without one the entry "All" decides, and without that the destination is open.
//   - Warehouses are closed only by false or {"all": false} under "Warehouses",
//     which all of them share.
//   - Amazon S3, Google Cloud Storage, data lakes and Engage are never closed.
//
// The consent object is not looked at: what it closes depends on the workspace, and
// [Segment] has one. A misspelt name is that of a destination nothing was said about,
// which "All" closes.
func (s Selection) Reached(destination string) []Event {
	return reached(s.Events(), destination)
}

// Suppressed returns the selected messages that consent kept home, in order. The
// Recorder has to be told of decisions: see [Recorder.Decision].
func (s Selection) Suppressed() []Decided {
	return slices.DeleteFunc(s.decisions(), func(d Decided) bool { return d.Decision.Withheld() == "" })
}

func (s Selection) decisions() []Decided {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	var decided []Decided
	for _, d := range s.recorder.decided {
		if s.filter.matches(d.Message) {
			decided = append(decided, d)
		}
	}
	return decided
}

// RequireReached fails the test at once unless the destination was reached by
// exactly n of the selected events, and returns them. The failure lists every
// selected event with the entry of its integrations object that decided and, if the
// Recorder was told, every decision with the answer behind it.
func (s Selection) RequireReached(t testing.TB, destination string, n int) []Event {
	t.Helper()
	events := s.Events()
	got := reached(events, destination)
	if len(got) != n {
		t.Fatalf("consenttest: %d events%s reached %s, want %d%s",
			len(got), s.filter, destination, n, s.explain(events, destination))
	}
	return got
}

// RequireNotReached fails the test at once if one of the selected events reached the
// destination. It does not ask whether there was an event at all; RequireDenied does.
func (s Selection) RequireNotReached(t testing.TB, destination string) {
	t.Helper()
	s.RequireReached(t, destination, 0)
}

// RequireSuppressed fails the test at once unless exactly n of the selected messages
// were kept home for that reason, which is one of the Withheld constants of the
// consent package or "" for any, and returns them.
//
// It also fails if the Recorder knows of no decision at all: then the application
// tracked nothing, or nobody told the Recorder. See [Recorder.Decision].
func (s Selection) RequireSuppressed(t testing.TB, reason consent.Reason, n int) []Decided {
	t.Helper()
	s.requireDecisions(t)
	got := slices.DeleteFunc(s.Suppressed(), func(d Decided) bool {
		return reason != "" && d.Decision.Withheld() != reason
	})
	if len(got) != n {
		t.Fatalf("consenttest: %d messages%s stayed home%s, want %d%s", len(got), s.filter, because(reason), n, s.list(""))
	}
	return got
}

// RequireDenied fails the test at once unless exactly n of the selected messages were
// denied to the destination for that reason, which is the one of its verdict or "" for
// any, and returns them. A message counts whether it left for other destinations or
// stayed home. As RequireSuppressed does, it fails without any decision.
//
// Unlike RequireNotReached it tells a visitor's denial from a message that was never
// sent, and from a destination whose name is misspelt.
func (s Selection) RequireDenied(t testing.TB, destination string, reason consent.Reason, n int) []Decided {
	t.Helper()
	s.requireDecisions(t)
	var got []Decided
	for _, d := range s.decisions() {
		if v := verdict(d.Decision, destination); !v.Allowed && (reason == "" || v.Reason == reason) {
			got = append(got, d)
		}
	}
	if len(got) != n {
		t.Fatalf("consenttest: %d messages%s were denied to %s%s, want %d%s",
			len(got), s.filter, destination, because(reason), n, s.list(destination))
	}
	return got
}

// requireDecisions looks at all that was recorded: a filter that matches nothing is a
// result, a Recorder that was not told is a mistake.
func (s Selection) requireDecisions(t testing.TB) {
	t.Helper()
	s.recorder.mu.Lock()
	decided := len(s.recorder.decided)
	s.recorder.mu.Unlock()
	if decided == 0 {
		t.Fatalf("consenttest: the Recorder knows of no decision: either nothing was tracked, or the client needs " +
			"consent.Options{OnDecision: recorder.Decision}")
	}
}
