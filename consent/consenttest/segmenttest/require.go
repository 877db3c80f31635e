package segmenttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-consent/segment/internal/segment"
)

// RequireArrivals fails the test at once unless exactly n events arrived, whatever became
// of them, and returns them.
func (s *Segment) RequireArrivals(t TB, n int) []Arrival {
	t.Helper()
	got := s.Arrivals()
	if len(got) != n {
		t.Fatalf("segmenttest: %d events arrived, want %d%s", len(got), n, s.explain(""))
	}
	return got
}

// RequireInbox fails the test at once unless exactly n events were delivered to the
// destination, and returns them. The failure tells of every event what became of it.
// A destination that the workspace does not have is a failure too.
//
// With 0 it also fails if nothing has arrived at all: then the client may not be flushed
// yet. That an event stays home is for RequireArrivals.
func (s *Segment) RequireInbox(t TB, destination string, n int) []Arrival {
	t.Helper()
	if !slices.Contains(s.workspace.Destinations, destination) {
		t.Fatalf("segmenttest: the workspace has no destination %q; it has: %s",
			destination, strings.Join(s.workspace.Destinations, ", "))
	}
	got := s.Inbox(destination)
	if len(got) != n {
		t.Fatalf("segmenttest: %d events were delivered to %s, want %d%s%s",
			len(got), destination, n, s.explain(destination), s.cure(destination, len(got) > n))
	}
	if n == 0 {
		s.requireArrived(t)
	}
	return got
}

// cure tells what to do about events that were delivered to a destination, or were not.
func (s *Segment) cure(destination string, delivered bool) string {
	unstamped := func(a Arrival) bool { return !a.sent().Stamped() }
	switch {
	case delivered && slices.ContainsFunc(s.Inbox(destination), unstamped):
		return "\n\tcure: send every event with client.For(ctx).Enqueue, and give no other client this write key"
	case delivered:
		return "\n\tcure: where it was sent, bind the client to the visitor's own answer: client.For(ctx), or With(what was stored); " +
			"if that is done, correct the category of the destination in the Config"
	case len(s.Discarded(destination, FilteredByIntegrations)) > 0:
		return "\n\tcure: if the visitor allowed it, give the Config the destination by exactly this name; " +
			"RequireKnownNames compares all names"
	case len(s.Discarded(destination, FilteredByConsent)) > 0:
		return "\n\tcure: if the visitor allowed it, let the Config and the workspace have the destination in the same categories"
	}
	return ""
}

func (s *Segment) requireArrived(t TB) {
	t.Helper()
	if len(s.Arrivals()) == 0 {
		t.Fatalf("segmenttest: nothing has arrived, which proves nothing; if nothing is to arrive, ask with RequireArrivals(t, 0)%s", s.explain(""))
	}
}

func (s *Segment) explain(destination string) string {
	var b strings.Builder
	arrivals := s.Arrivals()
	for i, a := range arrivals {
		outcome := "arrived"
		if d := a.at(destination); d.Delivered {
			outcome = "delivered"
		} else if destination != "" {
			outcome = d.Reason
		}
		sent := a.sent()
		fmt.Fprintf(&b, "\n\t%d. %s: %s; integrations %s, consent %s",
			i+1, sent, outcome, text(sent.Integrations), text(sent.Context.Consent.Categories))
		if !sent.Stamped() {
			b.WriteString("; it has no consent context: send it through a consent.Client")
		}
	}
	if len(arrivals) == 0 {
		b.WriteString("\n\tno event arrived; is the client closed?")
	}
	for _, r := range s.Refusals() {
		fmt.Fprintf(&b, "\n\trefused with status %d: %s", r.Status, r.Reason)
	}
	return b.String()
}

// RequireKnownNames fails the test unless the events that arrived and the workspace use
// the same names: an integrations object that opens a name the workspace does not have
// opens nothing, and a category that is missing from the consent object counts as
// denied. Names are exact. It also fails if no event with a consent object arrived.
func (s *Segment) RequireKnownNames(t TB) {
	t.Helper()
	s.requireArrived(t)
	wrong := make(map[string]bool)
	stamped := false
	for _, a := range s.Arrivals() {
		sent := a.sent()
		stamped = stamped || sent.Stamped()
		s.unknownDestinations(sent, wrong)
		s.unknownCategories(sent, wrong)
	}
	if !stamped {
		t.Fatalf("segmenttest: no event with a consent object has arrived, so that there are no names to compare%s", s.explain(""))
	}
	if len(wrong) > 0 {
		t.Errorf("segmenttest: names that Segment does not know, to be corrected in the Config of the policy:\n\t%s",
			strings.Join(slices.Sorted(maps.Keys(wrong)), "\n\t"))
	}
}

func (s *Segment) unknownDestinations(sent segment.Sent, wrong map[string]bool) {
	known := []string{"All", "Segment.io", segment.Warehouses}
	for _, d := range s.routes.Destinations {
		known = append(append(known, d.Name), d.Former...)
	}
	for name := range sent.Integrations {
		if !slices.Contains(known, name) {
			wrong[fmt.Sprintf("%q in the integrations object is no destination of the workspace, which has: %s",
				name, strings.Join(s.workspace.Destinations, ", "))] = true
		}
	}
}

func (s *Segment) unknownCategories(sent segment.Sent, wrong map[string]bool) {
	categories := sent.Context.Consent.Categories
	if len(s.workspace.Categories) == 0 || categories == nil {
		return
	}
	for name := range categories {
		if _, ok := s.workspace.Categories[name]; !ok {
			wrong[fmt.Sprintf("%q in the consent object is no category of the workspace, which has: %s",
				name, strings.Join(slices.Sorted(maps.Keys(s.workspace.Categories)), ", "))] = true
		}
	}
	for name := range s.workspace.Categories {
		if _, ok := categories[name]; !ok {
			wrong[fmt.Sprintf("the category %q of the workspace is missing from a consent object, and counts as denied", name)] = true
		}
	}
}

func (a Arrival) sent() segment.Sent {
	sent, err := segment.ReadSent(a.JSON)
	if err != nil {
		panic("segmenttest: an event that is not JSON: " + err.Error()) // it was read before
	}
	sent.Type = a.Type
	return sent
}

func text(value any) string {
	b, _ := json.Marshal(value) // it came from JSON
	return string(b)
}
