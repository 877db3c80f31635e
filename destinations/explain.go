package destinations

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// An Explanation shows what a policy made of a visitor's answer.
type Explanation struct {
	Verdicts   []consent.Verdict // every destination and alias, with the answer that decided it
	Categories map[string]bool   // what Segment's consent object will say
	Unlisted   bool              // whether destinations without a verdict stay open
	Withheld   consent.Reason    // why no message leaves at all, or ""
	Warnings   []string          // what is probably a mistake, in the Config or in the answer
}

// Explain returns what [Policy.Decide] makes of s, with warnings of what compiles
// but may not do what was meant: an id of a category that Segment's own consent
// product refuses (a leading digit, or 35 characters and more), a kind of warehouse
// without the "Warehouses" that closes and opens it, and answers that match
// nothing in the Config. It is for people, and slower than Decide.
func (p *Policy) Explain(s consent.State) Explanation {
	d := p.Decide(s)
	e := Explanation{
		Verdicts:   slices.Collect(d.Verdicts()),
		Categories: maps.Collect(d.Categories()),
		Unlisted:   d.Unlisted(),
		Withheld:   d.Withheld(),
	}
	if p != nil {
		e.Warnings = slices.Concat(p.doubtful(), p.unmatched(s))
	}
	return e
}

// String returns the explanation as lines of text.
func (e Explanation) String() string {
	var b strings.Builder
	for _, v := range e.Verdicts {
		if v.AliasOf == "" {
			fmt.Fprintln(&b, v)
		}
	}
	if e.Unlisted {
		fmt.Fprintln(&b, "any other destination: allowed, the policy leaves unlisted ones open")
	} else {
		fmt.Fprintln(&b, "any other destination: denied,", consent.ReasonNotListed)
	}
	if e.Withheld != "" {
		fmt.Fprintln(&b, "no message leaves:", e.Withheld)
	}
	for _, category := range slices.Sorted(maps.Keys(e.Categories)) {
		fmt.Fprintf(&b, "category %s: %t\n", category, e.Categories[category])
	}
	for _, warning := range e.Warnings {
		fmt.Fprintln(&b, "warning:", warning)
	}
	return b.String()
}

// maxCategoryID is the length that Segment's ids of categories stay below
// ("Configure Consent Management" in its documentation).
const maxCategoryID = 35

// doubtful returns warnings about the Config.
func (p *Policy) doubtful() (warnings []string) {
	for _, category := range p.categories {
		switch {
		case '0' <= category[0] && category[0] <= '9':
			warnings = append(warnings, fmt.Sprintf("category %q: Segment refuses ids that begin with a digit", category))
		case len(category) >= maxCategoryID:
			warnings = append(warnings, fmt.Sprintf("category %q: Segment refuses ids of %d characters or more", category, maxCategoryID))
		}
	}
	for _, d := range p.destinations {
		if segment.IsWarehouse(d.name) && !p.listed[segment.Warehouses] {
			warnings = append(warnings, fmt.Sprintf("destination %q is a warehouse: events reach it only if %q is listed and allowed", d.name, segment.Warehouses))
		}
		if d.serverOnly && len(d.categories) == 0 && !d.always {
			warnings = append(warnings, fmt.Sprintf("destination %q is in ServerOnly and in no category, so no answer opens it", d.name))
		}
	}
	return warnings
}

// unmatched returns warnings about answers that no name of the Config matches.
func (p *Policy) unmatched(s consent.State) (warnings []string) {
	unmatched := func(kind, name string, known []string) {
		for _, k := range known {
			if k == name {
				return
			}
			if names.Fold(k) == names.Fold(name) {
				warnings = append(warnings, fmt.Sprintf("the answer for %s %q differs from %q in casing: a denial counts, a grant does not", kind, name, k))
				return
			}
		}
		warnings = append(warnings, fmt.Sprintf("the answer for %s %q matches nothing in the Config", kind, name))
	}
	for name := range s.Categories() {
		unmatched("category", name, p.categories)
	}
	if p.byVisitor {
		return warnings
	}
	var known []string
	for _, d := range p.destinations {
		known = append(known, d.names...)
	}
	for name := range s.Destinations() {
		unmatched("destination", name, known)
	}
	return warnings
}
