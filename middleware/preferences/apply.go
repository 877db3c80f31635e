package preferences

import (
	"maps"
	"slices"

	"github.com/go-consent/segment/consent"
)

// A change is an answer and the State that it changes.
type change struct {
	given
	held   consent.State
	byName denials // what held denies by name
	known  vocabulary
	policy consent.Policy
	expand func(consent.State) consent.State
}

// state returns the State after the answer: what it does not name stays as in held.
func (c change) state() consent.State {
	unread := c.held.Rest() == consent.Denied
	categories := c.categoriesAfter()
	answered := c.byEveryName(c.known)
	state := consent.NewState(categories)
	if c.held.AskedByDestination() || len(answered) > 0 {
		destinations := maps.Collect(c.held.Destinations())
		maps.Copy(destinations, answered)
		state = state.WithDestinations(destinations)
	}
	if c.expand != nil {
		state = c.expanded(state, answered)
	}
	if unread {
		state = c.closeUnnamed(state)
	}
	if state.AskedByDestination() && deniesEvery(categories, c.known.policy) {
		// The script looks at destinations alone, whatever the categories say.
		destinations := make(map[string]bool)
		for name := range state.Destinations() {
			destinations[name] = false
		}
		state = state.WithDestinations(destinations)
	}
	return state.Given()
}

// categoriesAfter returns the category answers after this change.
func (c change) categoriesAfter() map[string]bool {
	categories := maps.Collect(c.held.Categories())
	if c.whole || c.held.Rest() == consent.Denied {
		for _, name := range c.known.policy {
			categories[name] = false
		}
	}
	maps.Copy(categories, c.categories)
	return categories
}

// expanded returns state with the destinations that Expand derives from the categories,
// except those that the visitor answered by name.
func (c change) expanded(state consent.State, answered map[string]bool) consent.State {
	given := maps.Collect(state.Destinations())
	byName := c.policy.Decide(state)
	state = c.expand(state).Given()
	if !state.AskedByDestination() {
		return state
	}
	made := maps.Collect(state.Destinations())
	for v := range byName.Verdicts() {
		// A grant by name counts if its category has no answer.
		if v.Allowed && v.Reason != consent.ReasonAlways && given[v.Destination] {
			made[v.Destination] = true
		}
	}
	destinations := maps.Clone(made)
	if !c.namesEverything(c.known) {
		for _, primary := range c.known.listed {
			names := c.known.destinations[primary]
			if c.byName.has(names, c.held) {
				for _, name := range names {
					destinations[name] = false
				}
			}
		}
		c.keepNew(destinations)
	}
	for name, granted := range answered {
		destinations[name] = granted && made[name]
	}
	leaveNoneAlone(destinations, byName)
	return state.WithDestinations(destinations)
}

// leaveNoneAlone denies the strictly necessary destinations if no other is granted:
// otherwise the script would load analytics.js for them alone.
func leaveNoneAlone(destinations map[string]bool, d consent.Decision) {
	var necessary []string
	for v := range d.Verdicts() {
		if v.Reason == consent.ReasonAlways {
			necessary = append(necessary, v.Destination)
		}
	}
	for name, granted := range destinations {
		if granted && !slices.Contains(necessary, name) {
			return
		}
	}
	for _, name := range necessary {
		if _, ok := destinations[name]; ok {
			destinations[name] = false
		}
	}
}

// keepNew leaves out destinations that the visitor was not asked about although the
// categories had been granted: an answer about something else does not open them.
func (c change) keepNew(destinations map[string]bool) {
	if !c.held.AskedByDestination() {
		return
	}
	for name, granted := range c.expand(c.held).Destinations() {
		if granted && c.held.Destination(name) == consent.Unknown {
			delete(destinations, name)
		}
	}
}

// closeUnnamed denies what is allowed in state only because there is no answer, since
// there may have been one. Only what the answer itself granted stays allowed.
func (c change) closeUnnamed(state consent.State) consent.State {
	unasked := c.policy.Decide(consent.NewState(nil))
	destinations := maps.Collect(state.Destinations())
	closed := false
	for v := range c.policy.Decide(state).Verdicts() {
		granted := v.Allowed
		switch v.Reason {
		case consent.ReasonAlways:
			continue
		case consent.ReasonCategoriesGranted, consent.ReasonDestinationGranted:
		default:
			granted = granted && !unasked.Allows(v.Destination)
		}
		closed = closed || v.Allowed && !granted
		destinations[v.Destination] = granted
	}
	if !closed {
		return state
	}
	return state.WithDestinations(destinations)
}

// deniesEvery reports whether all of the named categories are denied.
func deniesEvery(categories map[string]bool, policy []string) bool {
	for _, name := range policy {
		if granted, ok := categories[name]; granted || !ok {
			return false
		}
	}
	return len(policy) > 0
}
