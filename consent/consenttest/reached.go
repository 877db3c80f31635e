package consenttest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-consent/segment/internal/routing"
)

// Reached returns the recorded events that the destination of that name would have
// received, by the rules Segment documents for the integrations object ("Filtering
// data", "Warehouses FAQ"):
//
//   - The entry under the exact name decides: false closes, any other value opens.
//   - Without one the entry "All" decides, and without that the destination is open.
//   - Warehouses are closed only by false or {"all": false} under "Warehouses",
//     which all of them share.
//   - Amazon S3, Google Cloud Storage, data lakes and Engage are never closed.
//
// The consent object is not looked at: what it closes depends on the workspace. A
// misspelt name is that of a destination nothing was said about, which "All" closes.
func (r *Recorder) Reached(destination string) []Event {
	return reached(r.Events(), destination)
}

// RequireReached fails the test at once unless the destination was reached by
// exactly n events, and returns them. The failure lists every recorded event with
// the entry of its integrations object that decided.
func (r *Recorder) RequireReached(t testing.TB, destination string, n int) []Event {
	t.Helper()
	events := r.Events()
	got := reached(events, destination)
	if len(got) != n {
		t.Fatalf("consenttest: %d events reached %s, want %d%s", len(got), destination, n, explain(events, destination))
	}
	return got
}

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
	d := routing.Named(destination)
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

func explain(events []Event, destination string) string {
	var b strings.Builder
	for i, e := range events {
		outcome := "not reached"
		open, why := e.decided(destination)
		if open {
			outcome = "reached"
		}
		fmt.Fprintf(&b, "\n\t%d. %s: %s, %s", i+1, e.title(), outcome, why)
	}
	if len(events) == 0 {
		b.WriteString("\n\tno event was sent")
	}
	return b.String()
}

// title returns the type of the event and its name, if it has one.
func (e Event) title() string {
	w := e.wire()
	if name := w.Event + w.Name; name != "" {
		return fmt.Sprintf("%s %q", w.Type, name)
	}
	return w.Type
}

// A wire is the part of an event's JSON that the rules and the failures need.
type wire struct {
	Type         string         `json:"type"`
	Event        string         `json:"event"` // of a track
	Name         string         `json:"name"`  // of a page or a screen
	Integrations map[string]any `json:"integrations"`
}

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
