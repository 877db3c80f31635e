package consent

import (
	"cmp"
	"iter"
	"slices"

	"github.com/go-consent/segment/internal/names"
)

// A Decision is what a [Policy] made of a State: a [Verdict] for each destination,
// the categories as Segment is to see them, and whether destinations without a
// verdict stay open. It is immutable and may be used by many goroutines at once.
// The zero Decision allows nothing.
type Decision struct {
	body     *decision // nil: allows nothing
	withheld Reason
}

type decision struct {
	verdicts   []Verdict
	categories []answer
	unlisted   bool
}

// NewDecision returns a Decision. Categories are what Segment's consent object
// will say, true or false for each category of the policy, whatever the visitor
// answered; a Decision without one lets no message leave. If unlisted is true, the
// destinations without a verdict stay open; if false, everything but the allowed
// ones is closed.
//
// NewDecision copies what it is given and never opens more than it was told:
// a verdict for an empty or reserved name ("All", "Segment.io") is dropped,
// and of several verdicts for a destination, its aliases and theirs a denial decides,
// the last if there are several.
func NewDecision(categories map[string]bool, verdicts []Verdict, unlisted bool) Decision {
	body := &decision{
		verdicts:   slices.Clone(verdicts),
		categories: sorted(categories),
		unlisted:   unlisted,
	}
	body.verdicts = slices.DeleteFunc(body.verdicts, func(v Verdict) bool {
		return v.Destination == "" || names.Reserved(v.Destination)
	})
	body.agree()
	return Decision{body, body.withheld()}
}

// agree makes one verdict of those for a destination and its aliases: a denial,
// if there is one.
func (b *decision) agree() {
	same := make(map[string]string) // leads from an alias to one name for all of them
	find := func(name string) string {
		one := name
		for next, ok := same[one]; ok; next, ok = same[one] {
			one = next
		}
		for name != one { // so that a long way is gone once
			same[name], name = one, same[name]
		}
		return one
	}
	for _, v := range b.verdicts {
		if v.AliasOf == "" {
			continue
		}
		if alias, primary := find(v.Destination), find(v.AliasOf); alias != primary {
			same[alias] = primary
		}
	}
	denials := make(map[string]int, len(b.verdicts)) // where the last one is
	for i, v := range b.verdicts {
		if !v.Allowed {
			denials[find(v.Destination)] = i
		}
	}
	for i, v := range b.verdicts {
		if denial, ok := denials[find(v.Destination)]; ok && v.Allowed {
			cause := b.verdicts[denial]
			b.verdicts[i].Allowed, b.verdicts[i].Reason, b.verdicts[i].Cause = false, cause.Reason, cause.Cause
		}
	}
}

func (v Verdict) primary() string { return cmp.Or(v.AliasOf, v.Destination) }

// withheld returns why no message may leave under this decision, or "".
func (b *decision) withheld() Reason {
	allows, warehouses := b.unlisted, false
	for _, v := range b.verdicts {
		allows = allows || v.Allowed
		warehouses = warehouses || v.Allowed && v.Destination == names.Warehouses
	}
	if !allows {
		return WithheldNothingAllowed
	}
	for _, v := range b.verdicts {
		if !v.Allowed && (names.Unstoppable(v.Destination) || warehouses && names.IsWarehouse(v.Destination)) {
			return WithheldUnstoppable
		}
	}
	if len(b.categories) == 0 {
		return WithheldNoCategories
	}
	return ""
}

// Verdicts returns the verdicts in the order the policy gave them.
func (d Decision) Verdicts() iter.Seq[Verdict] {
	if d.body == nil {
		return func(func(Verdict) bool) {}
	}
	return slices.Values(d.body.verdicts)
}

// Allows reports whether the destination of that name may see an event: what its
// verdict says or, where it has none, Unlisted.
func (d Decision) Allows(destination string) bool {
	for v := range d.Verdicts() {
		if v.Destination == destination {
			return v.Allowed
		}
	}
	return d.Unlisted() && !names.Reserved(destination)
}

// Categories returns the categories as Segment's consent object shows them, in the
// order of their names.
func (d Decision) Categories() iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		if d.body == nil {
			return
		}
		for _, e := range d.body.categories {
			if !yield(e.name, e.granted) {
				return
			}
		}
	}
}

// Unlisted reports whether destinations without a verdict stay open.
func (d Decision) Unlisted() bool { return d.body != nil && d.body.unlisted }

// Withheld returns why the whole message stays home, or "" if it leaves.
func (d Decision) Withheld() Reason {
	if d.body == nil {
		return WithheldNothingAllowed
	}
	return d.withheld
}

// denies reports whether d denies anything by name.
func (d Decision) denies() bool {
	for _, v := range d.body.verdicts {
		if !v.Allowed {
			return true
		}
	}
	for _, e := range d.body.categories {
		if !e.granted {
			return true
		}
	}
	return false
}

// identifies reports whether a message may carry an identifier: a destination is
// open that the visitor had a say in.
func (d Decision) identifies() bool {
	if d.Unlisted() {
		return true
	}
	for _, v := range d.body.verdicts {
		if v.Allowed && v.Reason != ReasonAlways {
			return true
		}
	}
	return false
}

// deny returns a copy of d in which the verdicts that match are denials for the
// given reason. It decides nothing anew about the message as a whole.
func (d Decision) deny(match func(Verdict) bool, reason Reason) Decision {
	body := *d.body
	body.verdicts = slices.Clone(body.verdicts)
	for i, v := range body.verdicts {
		if match(v) {
			body.verdicts[i].Allowed, body.verdicts[i].Reason, body.verdicts[i].Cause = false, reason, ""
		}
	}
	return Decision{&body, d.withheld}
}
