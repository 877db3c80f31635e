package rudderstacktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// RequireArrivals fails the test at once unless exactly n events arrived, whatever became of
// them, and returns them.
func (p *DataPlane) RequireArrivals(t TB, n int) []Arrival {
	t.Helper()
	got := p.Arrivals()
	if len(got) != n {
		t.Fatalf("rudderstacktest: %d events arrived, want %d%s", len(got), n, p.explain(""))
	}
	return got
}

// RequireInbox fails the test at once unless exactly n events were delivered to the
// destination, and returns them. The failure tells of every event what became of it. A
// destination that the source does not have is a failure too.
//
// With 0 it also fails if nothing has arrived at all: then the client may not be closed yet.
// That an event stays home is for RequireArrivals.
func (p *DataPlane) RequireInbox(t TB, destination string, n int) []Arrival {
	t.Helper()
	if !slices.ContainsFunc(p.source.Destinations, func(d Destination) bool { return d.Name == destination }) {
		t.Fatalf("rudderstacktest: the source has no destination %q", destination)
	}
	got := p.Inbox(destination)
	if len(got) != n {
		t.Fatalf("rudderstacktest: %d events were delivered to %s, want %d%s", len(got), destination, n, p.explain(destination))
	}
	if n == 0 && len(p.Arrivals()) == 0 {
		t.Fatalf("rudderstacktest: nothing has arrived, which proves nothing; if nothing is to arrive, ask with RequireArrivals(t, 0)%s", p.explain(""))
	}
	return got
}

// explain tells of every event what became of it, at the destination or at all.
func (p *DataPlane) explain(destination string) string {
	var b strings.Builder
	arrivals := p.Arrivals()
	for i, a := range arrivals {
		outcome := "arrived"
		if d := a.At(destination); d.Delivered {
			outcome = "delivered"
		} else if destination != "" {
			outcome = d.Reason
		}
		var sent struct {
			Event        string
			Integrations json.RawMessage
			Context      struct{ ConsentManagement json.RawMessage }
		}
		_ = json.Unmarshal(a.JSON, &sent) // it may be a context that nothing reads
		fmt.Fprintf(&b, "\n\t%d. %s %q: %s; integrations %s, consentManagement %s",
			i+1, a.Type, sent.Event, outcome, orNone(sent.Integrations), orNone(sent.Context.ConsentManagement))
	}
	if len(arrivals) == 0 {
		b.WriteString("\n\tno event arrived; is the client closed?")
	}
	for _, r := range p.Refusals() {
		fmt.Fprintf(&b, "\n\trefused with status %d: %s", r.Status, r.Reason)
	}
	return b.String()
}

func orNone(object json.RawMessage) string {
	if len(object) == 0 {
		return "none"
	}
	return string(object)
}
