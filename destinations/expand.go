package destinations

import (
	"maps"

	"github.com/go-consent/segment/consent"
)

// Expand returns s with an answer for every destination of the Config, under each of
// its names, made from the answers for categories: true if every category of the
// destination is granted, else false. The result is marked as asked by destination.
// It is for an answer by category that goes into the Consent Manager's cookie. The
// script looks a destination up under its creationName, which may be an alias here,
// takes one that the cookie does not name for a new one, and then shows its banner
// again.
//
// The script makes the destinations of an answer from the categories in the same way,
// and so Expand replaces what s says of a destination of the Config. A destination in
// no category needs no consent or is decided by name alone. The former, as in Always,
// is true as soon as another destination is, since the script would otherwise load
// analytics.js for it alone; the latter is true if s grants one of its names and denies
// none. As everywhere, a grant counts under its exact name, and a denial in any casing.
//
// Names that the Config does not list keep their answers, except that all of them are
// denied where every category of the Config is: the script goes by the names alone.
// A Config that names no destination adds none. A State whose rest is Denied keeps its
// rest, and everything is false.
func (p *Policy) Expand(s consent.State) consent.State {
	if p == nil || p.byVisitor && !s.AskedByDestination() {
		return s
	}
	a := p.read(s)
	expanded := maps.Collect(s.Destinations())
	if a.closed() {
		for name := range expanded {
			expanded[name] = false
		}
	}
	open := false
	for _, d := range p.destinations {
		granted := a.expands(d)
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

// expands returns the answer to write for a destination.
func (a answers) expands(d destination) bool {
	if d.always {
		return false
	}
	if len(d.categories) == 0 {
		return a.grantsByName(d) && !a.closed()
	}
	for _, category := range d.categories {
		if choice, _ := a.category(category); choice != consent.Granted {
			return false
		}
	}
	return true
}

// grantsByName reports whether one of the destination's names is granted and none
// denied.
func (a answers) grantsByName(d destination) bool {
	granted := false
	for i, name := range d.names {
		choice, _ := a.answer(a.destinations, name, d.folded[i])
		if choice == consent.Denied {
			return false
		}
		granted = granted || choice == consent.Granted
	}
	return granted
}
