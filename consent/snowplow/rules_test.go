package snowplow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
	"github.com/go-consent/segment/destinations"
)

// This file states what may leave for a pipeline and as what: from the documentation of
// Snowplow, where everybody whom a pipeline feeds gets every event, and from the table of
// package destinations. It asks neither the Router nor a Decision who may see an event.

// A trial is one message of one visitor.
type trial struct {
	id      string
	kind    int
	state   consent.State
	own     analytics.Integrations
	message analytics.Message
	config  destinations.Config
	fed     []string // by the pipeline
}

// names returns the names of a destination of the Config, which is under the first.
func (x trial) names(name string) []string {
	for primary, aliases := range x.config.Aliases {
		if primary == name || slices.Contains(aliases, name) {
			return append([]string{primary}, aliases...)
		}
	}
	return []string{name}
}

func (x trial) categories(name string) (of []string) {
	for category, listed := range x.config.Categories {
		if slices.Contains(listed, name) {
			of = append(of, category)
		}
	}
	return of
}

func (x trial) denies(name string, asked func(string) consent.Choice) bool {
	return asked(name) == consent.Denied
}

// spelled reports whether the visitor denied that name, in any casing.
func (x trial) spelled(name string) bool {
	for given, ok := range x.state.Destinations() {
		if !ok && strings.EqualFold(given, name) {
			return true
		}
	}
	return false
}

// granted reports whether the visitor's own answer opens the destination, and allowed whether
// anything does, by the rules in the order of the documentation.
func (x trial) judged(name string) (granted, allowed bool) {
	aka := x.names(name)
	primary := aka[0]
	if slices.Contains(x.config.Always, primary) {
		return false, true
	}
	of := x.categories(primary)
	for _, n := range aka {
		if x.denies(n, x.state.Destination) || x.spelled(n) {
			return false, false
		}
	}
	for _, category := range of {
		if x.denies(category, x.state.Category) {
			return false, false
		}
	}
	if len(of) == 0 { // not listed
		all := true
		for category := range x.config.Categories {
			all = all && x.state.Category(category) == consent.Denied
		}
		return false, x.config.AllowUnlisted && x.state.Rest() != consent.Denied && !all
	}
	named := slices.ContainsFunc(aka, func(n string) bool { return x.state.Destination(n) == consent.Granted })
	if x.state.AskedByDestination() && !x.config.Imply {
		among := maps.Collect(x.state.Destinations())
		if !slices.ContainsFunc(aka, func(n string) bool { _, ok := among[n]; return ok }) {
			return false, false
		}
	}
	// What only the rest of an answer grants, the visitor did not: see consent.All.
	answered := maps.Collect(x.state.Categories())
	switch {
	case !slices.ContainsFunc(of, func(c string) bool { return x.state.Category(c) != consent.Granted }):
		return !slices.ContainsFunc(of, func(c string) bool { return !answered[c] }), true
	case named:
		return x.state.Rest() != consent.Granted, true
	default:
		return false, x.config.OptOut
	}
}

// closed reports whether the application closes the destination.
func (x trial) closed(name string) bool {
	aka := x.names(name)
	all, named := false, false
	for key, value := range x.own {
		off := value == false
		if off && slices.ContainsFunc(aka, func(n string) bool { return strings.EqualFold(key, n) }) {
			return true
		}
		all = all || off && strings.EqualFold(key, "All")
		named = named || !off && slices.Contains(aka, key)
	}
	return all && !named
}

// leaves reports whether everybody whom the pipeline feeds may see the message.
func (x trial) leaves() bool {
	for _, name := range x.fed {
		if _, allowed := x.judged(name); !allowed || x.closed(name) {
			return false
		}
	}
	return true
}

// grantedByVisitor reports whether the basis may be consent.
func (x trial) grantedByVisitor() bool {
	for _, name := range x.fed {
		if granted, _ := x.judged(name); !granted {
			return false
		}
	}
	return true
}

// check returns what is wrong with the event of a message that left, or "".
func (x trial) check(e snowplowtest.Event) string {
	if x.kind == update {
		return x.checkPreferences(e)
	}
	if !x.leaves() {
		return "somebody whom the pipeline feeds may not see it"
	}
	want, claims := `{"basisForProcessing":"legitimate_interests"}`, x.grantedByVisitor()
	if claims {
		want = `{"basisForProcessing":"consent"}`
	}
	if got := string(e.Entity(gdprSchema)); got != want {
		return "the gdpr entity is " + got
	}
	if e.UserID != "u"+x.id {
		return "it is about " + e.UserID
	}
	return ""
}

func (x trial) checkPreferences(e snowplowtest.Event) string {
	var p struct {
		EventType     string
		ConsentScopes []string
	}
	if err := json.Unmarshal(e.Data, &p); err != nil || e.Schema != preferencesSchema {
		return "it is no preference event"
	}
	scopes := p.ConsentScopes[1:]
	all := slices.Collect(maps.Keys(x.config.Categories))
	want := "allow_selected"
	switch len(scopes) {
	case 0:
		want = "deny_all"
	case len(all):
		want = "allow_all"
	}
	if p.ConsentScopes[0] != "necessary" || p.EventType != want {
		return fmt.Sprintf("it tells %s of %v", p.EventType, p.ConsentScopes)
	}
	for _, category := range all {
		if told := slices.Contains(scopes, category); told && x.state.Category(category) == consent.Denied {
			return category + " was denied"
		} else if !told && x.state.Category(category) == consent.Granted {
			return category + " was granted"
		}
	}
	return ""
}

// mayStay reports whether nothing is lost when the message is suppressed.
func (x trial) mayStay() bool {
	alias := x.kind == 4 && x.deniesAnything()
	return x.kind != update && (!x.leaves() || alias)
}

// deniesAnything reports whether the visitor or the policy denies anything, a category that
// was not granted included: then no Alias leaves.
func (x trial) deniesAnything() bool {
	for category := range x.config.Categories {
		if x.state.Category(category) != consent.Granted {
			return true
		}
	}
	return x.state.Denials() != consent.NewState(nil)
}
