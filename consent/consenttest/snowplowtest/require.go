package snowplowtest

import (
	"fmt"
	"slices"
	"strings"
)

// RequireEvents fails the test at once unless exactly n events passed every check, and
// returns them.
func (s *Snowplow) RequireEvents(t TB, n int) []Event {
	t.Helper()
	got := s.Events()
	if len(got) != n {
		t.Fatalf("snowplowtest: %d events arrived, want %d%s", len(got), n, s.explain())
	}
	return got
}

// RequireInbox fails the test at once unless the destination got exactly n events, and
// returns them. A destination that the pipeline does not feed is a failure too. That an event
// stays home is for RequireEvents.
func (s *Snowplow) RequireInbox(t TB, destination string, n int) []Event {
	t.Helper()
	if !slices.Contains(s.pipeline.Destinations, destination) {
		t.Fatalf("snowplowtest: the pipeline does not feed %q; it feeds: %s", destination, strings.Join(s.pipeline.Destinations, ", "))
	}
	got := s.Inbox(destination)
	if len(got) != n {
		t.Fatalf("snowplowtest: %s got %d events, want %d%s\n\tcure: name everybody whom the pipeline feeds in Router.Destinations, "+
			"since each gets every event", destination, len(got), n, s.explain())
	}
	return got
}

// RequireNoFailures fails the test if anything failed a check, and says why: Snowplow tells
// no client of that. It also fails if nothing has arrived at all.
func (s *Snowplow) RequireNoFailures(t TB) {
	t.Helper()
	if failures := s.Failures(); len(failures) > 0 {
		t.Errorf("snowplowtest: %d events or requests failed%s", len(failures), s.explain())
	} else if len(s.Events()) == 0 {
		t.Fatalf("snowplowtest: nothing has arrived, which proves nothing")
	}
}

func (s *Snowplow) explain() string {
	var b strings.Builder
	events := s.Events()
	for i, e := range events {
		fmt.Fprintf(&b, "\n\t%d. %s %s", i+1, e.Type, e.Schema)
	}
	if len(events) == 0 {
		b.WriteString("\n\tno event arrived; is the client closed?")
	}
	for _, f := range s.Failures() {
		fmt.Fprintf(&b, "\n\tfailed with status %d: %s", f.Status, f.Reason)
	}
	return b.String()
}
