package consent

import (
	"maps"

	"github.com/go-consent/segment/internal/nils"
)

// Both returns a State under which p allows only what it allows under a and also under b. The
// two may be the answers of a device and of an account, or the answer when an event happened
// and the current one. If a equals b, the result is a.
//
// The result keeps every denial of either, and a rest that either denies. It grants what both
// grant. It names a further destination only if p would decide differently without that name.
// For the destinations of a policy of the destinations package the result is exact, unless one
// side denies the rest but grants some names. Otherwise it may be stricter, and so may the
// categories that it shows. If the result would open more, it is All(Denied) instead, with the
// destinations that either denies by name, since a router may not be able to stop one of them.
//
// The result is only for that policy: store a and b, and never the result. Restrict has another
// purpose: it can open what one of two answers leaves unanswered. A nil Policy gives All(Denied)
// unless a equals b.
func Both(p Policy, a, b State) State {
	if a == b {
		return a
	}
	if nils.Is(p) || a == (State{}) || b == (State{}) {
		return State{}.denying(a, b)
	}
	pair := pair{p.Decide(a), p.Decide(b)}
	both := a.Agree(b)
	for range maxCorrections {
		corrected := pair.correct(both, p.Decide(both))
		if corrected == both {
			break
		}
		both = corrected
	}
	if pair.widenedBy(p.Decide(both)) {
		return State{}.denying(a, b)
	}
	return both
}

// An answer for one destination makes the others new to the visitor, and a denial may
// close another casing: so a correction may need another.
const maxCorrections = 6

// denying returns s with the destinations that a or b denies by name.
func (s State) denying(a, b State) State {
	var denied map[string]bool
	for _, t := range [2]State{a, b} {
		for name, granted := range t.Destinations() {
			if granted {
				continue
			}
			if denied == nil {
				denied = make(map[string]bool)
			}
			denied[name] = false
		}
	}
	return s.WithDestinations(denied)
}

// A pair holds the decisions of a policy for two answers.
type pair [2]Decision

func (p pair) allows(destination string) bool {
	return p[0].Allows(destination) && p[1].Allows(destination)
}

// correct returns s with answers for the destinations about which d, the decision for s, differs
// from what both decisions of p allow. A destination that is too wide first loses its grant. A
// denial comes last, since it would close other casings of the name too. The visitor's own
// denials stay.
func (p pair) correct(s State, d Decision) State {
	answers := maps.Collect(s.Destinations())
	var wide []string
	changed := false
	for _, decision := range [...]Decision{d, p[0], p[1]} {
		for v := range decision.Verdicts() {
			name, want := v.Destination, p.allows(v.Destination)
			granted, named := answers[name]
			switch {
			case want == d.Allows(name):
			case want && !named:
				answers[name], changed = true, true
			case !want && granted:
				delete(answers, name)
				changed = true
			case !want && !named:
				wide = append(wide, name)
			}
		}
	}
	if !changed {
		for _, name := range wide {
			answers[name] = false
		}
	}
	if !changed && len(wide) == 0 {
		return s
	}
	return s.WithDestinations(answers)
}

// widenedBy reports whether d allows or shows more than both of p.
func (p pair) widenedBy(d Decision) bool {
	if d.Unlisted() && !(p[0].Unlisted() && p[1].Unlisted()) {
		return true
	}
	listed := make(map[string]bool)
	for v := range d.Verdicts() {
		listed[v.Destination] = true
		if v.Allowed && !p.allows(v.Destination) {
			return true
		}
	}
	for _, side := range p {
		for v := range side.Verdicts() {
			if !v.Allowed && !listed[v.Destination] && d.Unlisted() {
				return true
			}
		}
		granted := make(map[string]bool)
		for name, is := range side.Categories() {
			granted[name] = is
		}
		for name, is := range d.Categories() {
			if is && !granted[name] {
				return true
			}
		}
	}
	return false
}
