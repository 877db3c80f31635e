package mparticletest

import (
	"fmt"
	"slices"
	"strings"
)

// Reasons of a [Delivery] that was not made.
const (
	FilteredByPurpose = "filtered by the rule on GDPR consent"
	FilteredByOptOut  = "filtered by the rule on the CCPA opt-out"
)

// A Delivery is what became of an event at one output.
type Delivery struct {
	Output    string
	Delivered bool
	Reason    string // why not: FilteredByPurpose or FilteredByOptOut
}

// An Arrival is an event that the fake took, or a batch without events, which brings the
// attributes of a user.
type Arrival struct {
	Type       string            // the event_type, or "" for a batch without events
	Name       string            // of the event, or of the screen
	MessageID  string            // the source_message_id
	Identities map[string]string // of the batch
	Batch      []byte            // JSON, as it was sent
	Event      []byte            // JSON, or nil
	Deliveries []Delivery        // one for each connection
}

// A Refusal is a request, or one batch of it, that the fake did not take.
type Refusal struct {
	Status int // of the response, which is 202 if another batch of the request was taken
	Reason string
}

// at returns what became of the event at the output, or the zero Delivery.
func (a Arrival) at(output string) Delivery {
	for _, d := range a.Deliveries {
		if d.Output == output {
			return d
		}
	}
	return Delivery{}
}

// RequireArrivals fails the test at once unless exactly n events arrived, batches without
// events included, and returns them.
func (s *Server) RequireArrivals(t TB, n int) []Arrival {
	t.Helper()
	got := s.Arrivals()
	if len(got) != n {
		t.Fatalf("mparticletest: %d events arrived, want %d%s", len(got), n, s.explain(""))
	}
	return got
}

// RequireInbox fails the test at once unless exactly n events were forwarded to the output, and
// returns them. The failure tells of every event what became of it. An output without a
// connection is a failure too. With 0 it also fails if nothing has arrived at all: then the
// client may not be flushed yet. That an event stays home is for RequireArrivals.
func (s *Server) RequireInbox(t TB, output string, n int) []Arrival {
	t.Helper()
	if !slices.ContainsFunc(s.workspace.Connections, func(c Connection) bool { return c.Output == output }) {
		t.Fatalf("mparticletest: there is no connection to %q", output)
	}
	got := s.Inbox(output)
	if len(got) != n {
		t.Fatalf("mparticletest: %d events were forwarded to %s, want %d%s", len(got), output, n, s.explain(output))
	}
	if n == 0 && len(s.Arrivals()) == 0 {
		t.Fatalf("mparticletest: nothing has arrived, which proves nothing; if nothing is to arrive, ask with RequireArrivals(t, 0)%s", s.explain(""))
	}
	return got
}

func (s *Server) explain(output string) string {
	var b strings.Builder
	arrivals := s.Arrivals()
	for i, a := range arrivals {
		outcome := "arrived"
		if d := a.at(output); d.Delivered {
			outcome = "forwarded"
		} else if output != "" {
			outcome = d.Reason
		}
		kind := a.Type
		if kind == "" {
			kind = "a batch without events"
		}
		fmt.Fprintf(&b, "\n\t%d. %s %q: %s", i+1, kind, a.Name, outcome)
	}
	if len(arrivals) == 0 {
		b.WriteString("\n\tno event arrived; is the client closed?")
	}
	for _, r := range s.Refusals() {
		fmt.Fprintf(&b, "\n\trefused with status %d: %s", r.Status, r.Reason)
	}
	return b.String()
}
