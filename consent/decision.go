package consent

import (
	"cmp"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// A Decision is the result of a [Policy] for a State: a [Verdict] for each destination, true
// or false for each category, and whether destinations without a verdict stay open. It
// says who may see an event, and not how a service is told so: that is the [Router]'s task.
// It is immutable and may be used by many goroutines at once. The zero Decision allows
// nothing.
type Decision struct {
	body *decision // nil: allows nothing
}

type decision struct {
	verdicts   []Verdict
	categories []answer
	unlisted   bool
	answered   *decision             // whose reasons tell what the visitor answered; nil: itself
	stamp      atomic.Pointer[stamp] // the last that was made of it for Segment
	routed     atomic.Pointer[stamp] // and for another router
}

// NewDecision returns a Decision. Categories are what the consent object will say, true
// or false for each category of the policy, whatever the visitor answered. Under a
// Decision without categories no message leaves. If unlisted is true, the destinations without
// a verdict stay open; if false, everything but the allowed ones is closed.
//
// NewDecision copies what it is given and never opens more than it was told. Of several
// verdicts for a destination, its aliases and theirs, a denial decides, the last if
// there are several. A destination that is named as AliasOf and has no verdict gets
// that of its alias. A verdict for a name that is empty, of white space alone or
// reserved ("All", "Segment.io") is dropped. A name that is not UTF-8 changes in JSON, and is
// denied under the changed name.
func NewDecision(categories map[string]bool, verdicts []Verdict, unlisted bool) Decision {
	body := &decision{unlisted: unlisted, categories: sorted(validCategories(categories))}
	for _, v := range verdicts {
		if isDestination(v.Destination) {
			body.verdicts = append(body.verdicts, valid(v))
		}
	}
	body.agree()
	return Decision{body}
}

func isDestination(name string) bool { return names.Fold(name) != "" && !segment.Reserved(name) }

// valid returns the verdict with its names as they appear in JSON.
func valid(v Verdict) Verdict {
	name := segment.ValidName(v.Destination)
	if name != v.Destination && v.Allowed {
		v.Allowed, v.Reason, v.Cause = false, ReasonNotUTF8, ""
	}
	v.Destination, v.AliasOf = name, segment.ValidName(v.AliasOf)
	if !isDestination(v.AliasOf) || v.AliasOf == name {
		v.AliasOf = ""
	}
	return v
}

// validCategories returns the categories with names as they appear in JSON. If two become the
// same, false wins.
func validCategories(categories map[string]bool) map[string]bool {
	m := make(map[string]bool, len(categories))
	for name, granted := range categories {
		name = segment.ValidName(name)
		if held, ok := m[name]; !ok || held {
			m[name] = granted
		}
	}
	return m
}

// agree gives a destination and its aliases the same verdict: a denial, if there is one. After it,
// all names of a destination have the same AliasOf, except for one, which has none.
func (b *decision) agree() {
	next := make(map[string]string) // leads from each name to the one for all
	find := func(name string) string {
		one := name
		for n, ok := next[one]; ok; n, ok = next[one] {
			one = n
		}
		for name != one { // the next search is short
			next[name], name = one, next[name]
		}
		return one
	}
	for _, v := range b.verdicts {
		if v.AliasOf == "" {
			continue
		}
		if alias, primary := find(v.Destination), find(v.AliasOf); alias != primary {
			next[alias] = primary
		}
	}
	if len(next) > 0 {
		b.addPrimaries(find)
	}
	denials := make(map[string]int, len(b.verdicts)) // where the last one is
	for i, v := range b.verdicts {
		if !v.Allowed {
			denials[v.primary()] = i
		}
	}
	for i, v := range b.verdicts {
		if denial, ok := denials[v.primary()]; ok && v.Allowed {
			cause := b.verdicts[denial]
			b.verdicts[i].Allowed, b.verdicts[i].Reason, b.verdicts[i].Cause = false, cause.Reason, cause.Cause
		}
	}
}

// addPrimaries gives every name of a destination that find leads from a verdict, and
// the same AliasOf.
func (b *decision) addPrimaries(find func(string) string) {
	has := make(map[string]bool, len(b.verdicts))
	for _, v := range b.verdicts {
		has[v.Destination] = true
	}
	for _, v := range b.verdicts {
		if v.AliasOf != "" && !has[v.AliasOf] {
			has[v.AliasOf] = true
			v.Destination, v.AliasOf = v.AliasOf, ""
			b.verdicts = append(b.verdicts, v)
		}
	}
	for i, v := range b.verdicts {
		b.verdicts[i].AliasOf = ""
		if primary := find(v.Destination); primary != v.Destination {
			b.verdicts[i].AliasOf = primary
		}
	}
}

func (v Verdict) primary() string { return cmp.Or(v.AliasOf, v.Destination) }

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
	return d.Unlisted() && isDestination(destination)
}

// Categories returns the categories as the consent object shows them, in the order of
// their names.
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

// clone returns a copy of d, with verdicts to change.
func (d Decision) clone() Decision {
	return Decision{&decision{verdicts: slices.Clone(d.body.verdicts), categories: d.body.categories, unlisted: d.body.unlisted}}
}

// identifies reports whether a message may carry an identifier: a destination is
// open that the visitor had a say in.
func (d Decision) identifies() bool {
	if d.Unlisted() {
		return true
	}
	for _, v := range d.body.verdicts {
		if v.Allowed && v.Reason != ReasonAlways && v.Reason != ReasonNecessary {
			return true
		}
	}
	return false
}
