package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// An event is a row of the page.
type event struct {
	Call, Name, Time string
	Status           string // "sent", "segment" for one that is for Segment alone, "suppressed", "waiting" or "failed"
	Note             string // why there is nothing to say about destinations
	Groups           []eventGroup
	JSON             string
	Proof            *proof // nil: it has none
}

// An eventGroup is the destinations under one heading.
type eventGroup struct {
	Title string
	Why   string // the reason, where all of the group have the same
	Cells []cell
}

// A cell says what became of an event at a destination.
type cell struct {
	Destination string
	Open        bool
	Status      string // "delivered" or "denied"; "allowed" where only the decision is known
	Why         string // "" where the group says it
}

// shown is how many events the page has.
const shown = 30

// events joins what the shop decided with what the fake Segment did.
func (s *shop) events(r *http.Request) []event {
	v := visitorOf(r)
	var events []event
	history := s.history(r)
	arrivals := s.arrivals(v)
	entries := s.journal.of(v)
	for _, entry := range entries[:min(len(entries), shown)] {
		var at *arrival
		for i := range arrivals {
			if entry.is(arrivals[i].head) {
				at = &arrivals[i]
				break
			}
		}
		e := s.eventOf(entry, at)
		e.Proof = s.proofOf(entry, history)
		events = append(events, e)
		if at != nil {
			at.head = head{id: "shown"}
		}
	}
	return events
}

func (s *shop) eventOf(e entry, at *arrival) event {
	v := event{Call: e.call, Name: e.name, Time: e.at.Format("15:04:05")}
	if at != nil {
		v.JSON = indented(at.JSON)
	}
	switch {
	case e.outcome.Result == consent.Suppressed:
		v.Status, v.Note = "suppressed", "Suppressed, it never left the shop: "+string(e.outcome.Reason)+"."
	case e.outcome.Result == consent.Failed || e.outcome.Result == consent.Refused:
		v.Status, v.Note = "failed", "It could not be sent."
	case at == nil && s.segment != nil:
		v.Status, v.Note = "waiting", "Under way."
	case e.name == consent.UpdateEvent:
		v.Status, v.Note = "segment", "For Segment only: it reports your choices, and no destination gets it."
	default:
		v.Status, v.Groups = "sent", s.cells(e.decision, at)
	}
	return v
}

// cells returns a cell for each destination.
func (s *shop) cells(d consent.Decision, at *arrival) []eventGroup {
	verdicts := make(map[string]consent.Verdict)
	for v := range d.Verdicts() {
		verdicts[v.Destination] = v
	}
	arrived := make(map[string]segmenttest.Delivery)
	if at != nil {
		for _, d := range at.Deliveries {
			arrived[d.Destination] = d
		}
	}
	var groups []eventGroup
	for _, g := range s.groups {
		e := eventGroup{Title: g.Title}
		for _, name := range g.Destinations {
			delivery, known := arrived[name]
			e.Cells = append(e.Cells, cellOf(name, g.Title, verdicts[name], d.Allows(name), delivery, known))
		}
		groups = append(groups, e.folded())
	}
	return groups
}

// cellOf returns what Segment did, if that is known, or else what was decided.
func cellOf(name, heading string, v consent.Verdict, allowed bool, delivery segmenttest.Delivery, known bool) cell {
	c := cell{Destination: name, Open: allowed, Status: "denied", Why: why(v, heading)}
	switch {
	case known && delivery.Delivered:
		c.Open, c.Status = true, "delivered"
	case known:
		c.Open = false
		if allowed {
			c.Why = delivery.Reason
		}
	case allowed:
		c.Status = "allowed"
	}
	return c
}

// folded moves what all cells have in common into the heading.
func (g eventGroup) folded() eventGroup {
	for _, c := range g.Cells {
		if c.Why != g.Cells[0].Why {
			return g
		}
	}
	g.Why = g.Cells[0].Why
	for i := range g.Cells {
		g.Cells[i].Why = ""
	}
	return g
}

// why returns the reason of a verdict, with the answer that decided unless the heading
// says it.
func why(v consent.Verdict, heading string) string {
	if v.Destination == "" {
		return string(consent.ReasonNotListed)
	}
	cause := v.Cause
	for _, c := range categories() {
		if c.Name == cause {
			cause = c.Title
		}
	}
	if cause == "" || cause == heading {
		return string(v.Reason)
	}
	return string(v.Reason) + " (" + cause + ")"
}

// Open is how many destinations get the event.
func (e event) Open() int { return len(e.names(true)) }

// All is how many destinations there are.
func (e event) All() int { return len(e.names(true)) + len(e.names(false)) }

func (e event) names(open bool) (names []string) {
	for _, g := range e.Groups {
		for _, c := range g.Cells {
			if c.Open == open {
				names = append(names, c.Destination)
			}
		}
	}
	return names
}

// summary says in a sentence or two who got the event.
func (e event) summary(live bool) string {
	switch e.Status {
	case "sent":
	case "segment":
		return "Segment is told of them, and no destination."
	default:
		return e.Note
	}
	verb := "got to"
	if live {
		verb = "may go to"
	}
	open, closed := e.names(true), e.names(false)
	switch {
	case len(closed) == 0:
		return fmt.Sprintf("The event %s all %d destinations.", verb, len(open))
	case len(open) == 0:
		return fmt.Sprintf("The event %s none of %d destinations.", verb, len(closed))
	}
	return fmt.Sprintf("The event %s %d of %d destinations: %s.", verb, len(open), e.All(), strings.Join(open, ", "))
}

func indented(raw []byte) string {
	var b bytes.Buffer
	_ = json.Indent(&b, raw, "", "  ") // the fake Segment takes nothing but JSON
	return b.String()
}
