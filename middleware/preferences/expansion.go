package preferences

import (
	"maps"

	"github.com/go-consent/segment/consent"
)

// expansion returns the function that derives the destinations of the answer from its
// categories, or nil if only the answer itself is written.
//
// Without Expand it is needed if categories cannot express every denial: under an opt-out
// policy a destination in no category stays allowed after a denial of everything, and after
// a cookie that could not be read. It is also needed for an answer by name beside granted
// categories: a cookie that names one destination denies those that it does not name. From
// then on the visitor's cookie has destinations derived from categories, which the companion
// cookie records.
func (c change) expansion() func(consent.State) consent.State {
	if c.expand != nil {
		return c.expand
	}
	unread, asked := c.held.Rest() == consent.Denied, c.held.AskedByDestination()
	categories := consent.NewState(c.categoriesAfter())
	byCategory := c.policy.Decide(categories)
	switch {
	case asked && !c.byName.all:
	case (unread || deniesEvery(c.categoriesAfter(), c.known.policy)) && leaks(byCategory):
	case (!asked && len(c.destinations) > 0 || asked && c.namesEverything(c.known)) &&
		loses(byCategory, c.policy.Decide(categories.WithDestinations(map[string]bool{}))):
	default:
		return nil
	}
	return c.complete
}

// leaks reports whether a destination is allowed that the visitor did not grant.
func leaks(byCategory consent.Decision) bool {
	for v := range byCategory.Verdicts() {
		if v.Allowed && v.Reason != consent.ReasonAlways && v.Reason != consent.ReasonCategoriesGranted {
			return true
		}
	}
	return false
}

// loses reports whether a destination that the visitor's categories grant is denied if the
// cookie names others.
func loses(byCategory, named consent.Decision) bool {
	for v := range byCategory.Verdicts() {
		if v.Allowed && v.Reason == consent.ReasonCategoriesGranted && !named.Allows(v.Destination) {
			return true
		}
	}
	return false
}

// complete returns s with an answer for every destination of the policy that needs
// consent: true if the visitor's categories grant it, or if s grants it by name and the
// policy allows it.
func (c change) complete(s consent.State) consent.State {
	destinations := maps.Collect(s.Destinations())
	byName := c.policy.Decide(s)
	for v := range c.policy.Decide(consent.NewState(maps.Collect(s.Categories()))).Verdicts() {
		if v.Reason == consent.ReasonAlways {
			continue
		}
		granted := v.Allowed && v.Reason == consent.ReasonCategoriesGranted
		destinations[v.Destination] = granted || destinations[v.Destination] && byName.Allows(v.Destination)
	}
	return s.WithDestinations(destinations)
}
