package destinations

import (
	"maps"

	"github.com/go-consent/segment/consent"
)

// Expand returns s with an answer for every destination of the Config, under each of
// its names, made from the answers for categories. It is true if [Policy.Decide] allows
// the destination by what the visitor granted of its categories, whatever s says about it by
// name, and else false. The result is marked as asked by destination.
//
// It is for an answer by category that goes into the Consent Manager's cookie. The script looks a
// destination up under its creationName, which may be an alias here. If the cookie does not name a
// destination, the script considers it new and shows its banner again. The script itself computes
// the destinations of an answer from the categories in the same way.
//
// A destination without an answer is false, even under OptOut, and so is one whose grant is only
// presumed. A destination without a category either needs no consent, as in Always, or is decided
// by name alone. The first kind is true as soon as any other destination is, since the script would
// otherwise load analytics.js for it alone. The second kind is true if s grants one of its names and
// denies none. As everywhere, a grant counts under its exact name, and a denial in any casing.
//
// Names that the Config does not list keep their answers. But if every category of the Config is
// denied, they are all denied, since the script looks at the names alone. A denial under another
// casing of a listed name closes that destination. A Config that names no destination adds none. A
// State whose rest is Denied keeps its rest, and everything is false.
func (p *Policy) Expand(s consent.State) consent.State {
	if p == nil || p.byVisitor && !s.AskedByDestination() {
		return s
	}
	a := p.byCategory(s)
	expanded := maps.Collect(s.Destinations())
	closed := a.closed()
	if closed {
		for name := range expanded {
			expanded[name] = false
		}
	}
	open := false
	for _, d := range p.destinations {
		if d.always {
			continue
		}
		granted := a.verdict(d).Allowed && !closed
		open = open || granted
		for _, name := range d.names {
			expanded[name] = granted
		}
	}
	for _, d := range p.destinations {
		if !d.always {
			continue
		}
		for _, name := range d.names {
			expanded[name] = open
		}
	}
	return s.WithDestinations(expanded)
}

// byCategory returns the visitor's own answers in s without those for destinations that the
// categories decide. A missing answer opens nothing.
func (p *Policy) byCategory(s consent.State) answers {
	optIn := *p
	optIn.optOut = false
	a := optIn.read(s.Given())
	a.asked = false
	a.destinations = section{make(map[string]bool), make(map[string]string)}
	decided := make(map[string]bool)
	for _, d := range p.destinations {
		for _, name := range d.names {
			decided[name] = len(d.categories) > 0
		}
	}
	for name, granted := range s.Given().Destinations() {
		if !decided[name] {
			a.destinations.add(name, granted)
		}
	}
	return a
}
