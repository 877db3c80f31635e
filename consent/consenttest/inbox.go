package consenttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-consent/segment/internal/segment"
)

// RequireInbox fails the test at once unless exactly n events were delivered to the
// destination, and returns them. The failure tells of every event what became of it.
// A destination that the workspace does not have is a failure too.
func (s *Segment) RequireInbox(t testing.TB, destination string, n int) []Arrival {
	t.Helper()
	if !slices.Contains(s.workspace.Destinations, destination) {
		t.Fatalf("consenttest: the workspace has no destination %q; it has: %s",
			destination, strings.Join(s.workspace.Destinations, ", "))
	}
	got := s.Inbox(destination)
	if len(got) != n {
		t.Fatalf("consenttest: %d events were delivered to %s, want %d%s", len(got), destination, n, s.explain(destination))
	}
	return got
}

func (s *Segment) explain(destination string) string {
	var b strings.Builder
	arrivals := s.Arrivals()
	for i, a := range arrivals {
		outcome := "delivered"
		if d := a.at(destination); !d.Delivered {
			outcome = d.Reason
		}
		w := a.wire()
		fmt.Fprintf(&b, "\n\t%d. %s: %s; integrations %s, consent %s",
			i+1, w.title(a.Type), outcome, text(w.Integrations), text(w.Context.Consent.Categories))
		if !w.stamped() {
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
// denied. Names are exact.
func (s *Segment) RequireKnownNames(t testing.TB) {
	t.Helper()
	known := []string{"All", "Segment.io", segment.Warehouses}
	for _, d := range s.routes.Destinations {
		known = append(append(known, d.Name), d.Former...)
	}
	wrong := make(map[string]bool)
	for _, a := range s.Arrivals() {
		w := a.wire()
		for name := range w.Integrations {
			if !slices.Contains(known, name) {
				wrong[fmt.Sprintf("%q in the integrations object is no destination of the workspace, which has: %s",
					name, strings.Join(s.workspace.Destinations, ", "))] = true
			}
		}
		categories := w.Context.Consent.Categories
		if len(s.workspace.Categories) == 0 || categories == nil {
			continue
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
	if len(wrong) > 0 {
		t.Errorf("consenttest: names that Segment does not know, to be corrected in the Config of the policy:\n\t%s",
			strings.Join(slices.Sorted(maps.Keys(wrong)), "\n\t"))
	}
}

func (a Arrival) wire() (w wire) {
	if err := json.Unmarshal(a.JSON, &w); err != nil {
		panic("consenttest: an event that is not JSON: " + err.Error()) // it was read before
	}
	return w
}

// title is the type of the event, its name if there is one, and the user.
func (w wire) title(kind string) string {
	return head{kind, w.Event + w.Name, w.User, w.Anonymous}.String()
}
