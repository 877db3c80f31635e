package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// probes are answers to try a policy with, hostile ones included.
func probes(p consent.Policy) []consent.State {
	names := categoriesOf(p)
	all := answer(names, true)
	destinations := make(map[string]bool)
	for v := range p.Decide(all).Verdicts() {
		destinations[v.Destination] = true
	}
	many := make(map[string]bool)
	for i := range 2000 {
		many[fmt.Sprint("name ", i)] = i%2 == 0
	}
	strange := map[string]bool{"": true, "\xff\x00": true, strings.Repeat("x", 1<<16): true, "All": true, "Segment.io": false}
	states := []consent.State{
		{}, consent.All(consent.Granted), consent.All(consent.Denied),
		all, answer(names, false), all.WithDestinations(destinations), all.WithDestinations(map[string]bool{}),
		consent.NewState(many).WithDestinations(many), consent.NewState(strange).WithDestinations(strange),
	}
	for _, name := range names {
		only := answer([]string{name}, true)
		states = append(states, only, only.WithDestinations(destinations))
	}
	return states
}

func categoriesOf(p consent.Policy) (names []string) {
	for name := range p.Decide(consent.NewState(nil)).Categories() {
		names = append(names, name)
	}
	return names
}

func answer(categories []string, granted bool) consent.State {
	m := make(map[string]bool, len(categories))
	for _, name := range categories {
		m[name] = granted
	}
	return consent.NewState(m)
}

// casings returns a name in several casings.
func casings(name string) []string {
	return slices.Compact([]string{strings.ToLower(name), strings.ToUpper(name)})
}

// unlisted stands for all destinations without a verdict.
const unlisted = "destinations that have no verdict"

// allowed returns what a Decision opens.
func allowed(d consent.Decision) (open []string) {
	for v := range d.Verdicts() {
		if v.Allowed {
			open = append(open, v.Destination)
		}
	}
	if d.Unlisted() {
		open = append(open, unlisted)
	}
	return open
}

// opened returns what a Decision opens that is not strictly necessary, as a sentence.
func opened(d consent.Decision) string {
	var open []string
	for v := range d.Verdicts() {
		if v.Allowed && v.Reason != consent.ReasonAlways {
			open = append(open, v.Destination)
		}
	}
	if d.Unlisted() {
		open = append(open, unlisted)
	}
	if len(open) == 0 {
		return ""
	}
	return "open are " + strings.Join(open, ", ")
}

func primary(v consent.Verdict) string {
	if v.AliasOf != "" {
		return v.AliasOf
	}
	return v.Destination
}

func verdicts(d consent.Decision) string {
	var all []string
	for v := range d.Verdicts() {
		all = append(all, v.String())
	}
	return cmp.Or(strings.Join(all, "; "), "no verdict")
}

func describe(d consent.Decision) string {
	return fmt.Sprintf("%s; categories %v; unlisted %t", verdicts(d), maps.Collect(d.Categories()), d.Unlisted())
}
