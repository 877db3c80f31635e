package consenttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/segment"
)

func reached(events []Event, destination string) []Event {
	var got []Event
	for _, e := range events {
		if open, _ := e.decided(destination); open {
			got = append(got, e)
		}
	}
	return got
}

// decided reports whether the event reaches the destination, and why.
func (e Event) decided(destination string) (open bool, why string) {
	integrations := e.sent().Integrations
	d := segment.Named(destination)
	open, key := d.Selected(integrations)
	switch {
	case d.Storage:
		return open, "integrations cannot stop it"
	case key == "":
		return open, "no entry in integrations"
	default:
		return open, fmt.Sprintf("%q: %s", key, text(integrations[key]))
	}
}

// closes reports whether the event is closed to any destination by its name.
func (e Event) closes() bool {
	for name, value := range e.sent().Integrations {
		if value == false || name == segment.Warehouses {
			return true
		}
	}
	return false
}

func (e Event) sent() segment.Sent {
	s, err := segment.ReadSent(e.JSON)
	if err != nil {
		panic("consenttest: an event that is not JSON: " + err.Error()) // Enqueue made it
	}
	return s
}

// explain lists the events, and what decided about each, for a failure.
func (r *Recorder) explain(events []Event, destination string) string {
	var b strings.Builder
	for i, e := range events {
		outcome := "not reached"
		open, why := e.decided(destination)
		if open {
			outcome = "reached"
		}
		fmt.Fprintf(&b, "\n\t%d. %s: %s, %s", i+1, headOf(e.Message), outcome, why)
		if !e.sent().Stamped() {
			b.WriteString("; it has no consent context: send it through a consent.Client")
		}
		b.WriteString(strings.ReplaceAll(at(e.where), "\t", "\t   "))
	}
	if len(events) == 0 {
		b.WriteString("\n\tno event was sent")
	}
	return b.String() + r.list(destination)
}

// list describes every decision, with the verdict for the destination if there is one. For a
// destination that the policy does not know, it lists the names that the policy does know.
func (r *Recorder) list(destination string) string {
	decided := r.decisions()
	if len(decided) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\ndecided:")
	for i, d := range decided {
		fmt.Fprintf(&b, "\n\t%d. %s: ", i+1, headOf(d.Message))
		if d.Suppressed != "" {
			fmt.Fprintf(&b, "suppressed, %s; ", d.Suppressed)
		}
		if destination != "" {
			b.WriteString(verdict(d.Decision, destination).String())
		} else {
			b.WriteString(verdicts(d.Decision))
		}
		if d.Suppressed != "" {
			b.WriteString(strings.ReplaceAll(at(d.where), "\t", "\t   "))
		}
	}
	if destination == "" {
		return b.String()
	}
	if known, names := r.knows(destination); !known {
		fmt.Fprintf(&b, "\n%q has no verdict; names are exact, and those decided about are: %s",
			destination, strings.Join(names, ", "))
	}
	return b.String()
}

// boundWrong is the cure for an event that reached too much.
const boundWrong = "\ncure: where it was sent, bind the client to the visitor's own answer: client.For(r.Context()), or With(what was stored)"

// missing is the cure for events that did not reach the destination, if it is known.
func (r *Recorder) missing(destination string) string {
	if known, names := r.knows(destination); !known {
		return meant(destination, names)
	}
	for _, d := range r.decisions() {
		switch v := verdict(d.Decision, destination); {
		case v.Allowed:
		case v.Reason == consent.ReasonNothingRead:
			return "\ncure: no answer was there: use client.For(ctx) with the context that middleware.New made, that of " +
				"consenttest.Context, or what consent.WithText returns"
		default:
			return "\ncure: if this visitor allows it, bind the client to their answer where it was sent; " +
				"if not, correct the Config, or the test"
		}
	}
	return ""
}

func verdicts(d consent.Decision) string {
	var all []string
	for v := range d.Verdicts() {
		all = append(all, v.String())
	}
	return cmp.Or(strings.Join(all, "; "), "no verdict")
}

// verdict returns the verdict for the destination. If there is none, it returns what follows from
// the Decision as a whole.
func verdict(d consent.Decision, destination string) consent.Verdict {
	for v := range d.Verdicts() {
		if v.Destination == destination {
			return v
		}
	}
	v := consent.Verdict{Destination: destination, Allowed: d.Allows(destination)}
	if !v.Allowed {
		v.Reason = consent.ReasonNotListed
	}
	return v
}

func because(reason consent.Reason) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" because %q", string(reason))
}

func text(value any) string {
	b, _ := json.Marshal(value) // it came from JSON
	return string(b)
}
