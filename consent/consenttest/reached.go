package consenttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	integrations := e.wire().Integrations
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

// explain lists the events, and what decided about each, for a failure.
func (s Selection) explain(events []Event, destination string) string {
	var b strings.Builder
	for i, e := range events {
		outcome := "not reached"
		open, why := e.decided(destination)
		if open {
			outcome = "reached"
		}
		fmt.Fprintf(&b, "\n\t%d. %s: %s, %s", i+1, headOf(e.Message), outcome, why)
		if !e.wire().stamped() {
			b.WriteString("; it has no consent context: send it through a consent.Client")
		}
	}
	if len(events) == 0 {
		b.WriteString("\n\tno event was sent")
	}
	decided := s.list(destination)
	if len(events) == 0 && decided == "" {
		b.WriteString(", and with consent.Options{OnDecision: recorder.Decision} this would tell why")
	}
	return b.String() + decided
}

// list tells of every decision, and of the verdict for the destination if there is
// one to tell of. Nothing is said of a destination that the policy does not know, but
// for the names that it does know.
func (s Selection) list(destination string) string {
	decided := s.decisions()
	if len(decided) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\ndecided:")
	named := make(map[string]bool)
	for i, d := range decided {
		fmt.Fprintf(&b, "\n\t%d. %s: ", i+1, headOf(d.Message))
		if w := d.Decision.Withheld(); w != "" {
			fmt.Fprintf(&b, "stayed home, %s; ", w)
		}
		if destination != "" {
			b.WriteString(verdict(d.Decision, destination).String())
		} else {
			b.WriteString(verdicts(d.Decision))
		}
		for v := range d.Decision.Verdicts() {
			named[v.Destination] = true
		}
	}
	if destination != "" && !named[destination] {
		fmt.Fprintf(&b, "\n%q has no verdict; names are exact, and those decided about are: %s",
			destination, strings.Join(slices.Sorted(maps.Keys(named)), ", "))
	}
	return b.String()
}

func verdicts(d consent.Decision) string {
	var all []string
	for v := range d.Verdicts() {
		all = append(all, v.String())
	}
	return cmp.Or(strings.Join(all, "; "), "no verdict")
}

// verdict returns the verdict for the destination; for one without, what follows from
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

// A wire is the part of an event's JSON that the rules and the failures need.
type wire struct {
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

// stamped reports whether a consent.Client has stamped the event: none leaves
// without a category.
func (w wire) stamped() bool { return len(w.Context.Consent.Categories) > 0 }

func (e Event) wire() (w wire) {
	if err := json.Unmarshal(e.JSON, &w); err != nil {
		panic("consenttest: an event that is not JSON: " + err.Error()) // Enqueue made it
	}
	return w
}

func text(value any) string {
	b, _ := json.Marshal(value) // it came from JSON
	return string(b)
}
