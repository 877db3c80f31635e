package destinations

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// An Explanation shows the decision of a policy about a visitor's answer.
type Explanation struct {
	Verdicts   []consent.Verdict // every destination and alias, with the answer that decided it
	Categories map[string]bool   // what the consent object will say
	Unlisted   bool              // whether destinations without a verdict stay open
	Suppressed consent.Reason    // why no message leaves for Segment at all, or ""
	Warnings   []string          // probable mistakes, in the Config or in the answer
}

// Explain returns the decision of [Policy.Decide] for s, as [consent.AtSegment] carries it
// out. It warns about what compiles but may not do what was meant: an id of a category
// that Segment's own consent product refuses (a leading digit, or 35 characters and
// more), a kind of warehouse without the "Warehouses" that closes and opens it, answers
// that match nothing in the Config, an allowed destination that the consent object
// closes in a workspace that enforces it, and an answer by destination that names none.
// It is for people, and slower than Decide.
func (p *Policy) Explain(s consent.State) Explanation {
	d, suppressed := consent.AtSegment(p.Decide(s))
	e := Explanation{
		Verdicts:   slices.Collect(d.Verdicts()),
		Categories: maps.Collect(d.Categories()),
		Unlisted:   d.Unlisted(),
		Suppressed: suppressed,
	}
	if p != nil {
		e.Warnings = slices.Concat(p.doubtful(), p.unmatched(s), p.closedByCategory(e))
	}
	if s.AskedByDestination() && count(s.Destinations()) == 0 {
		e.Warnings = append(e.Warnings, "the answer is by destination and names none: the Consent Manager loads nothing for it, whatever its categories say")
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
	if e.Suppressed != "" {
		fmt.Fprintln(&b, "every message is suppressed:", e.Suppressed)
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

// closedByCategory returns warnings about destinations that are allowed, but that the consent object
// closes.
func (p *Policy) closedByCategory(e Explanation) (warnings []string) {
	allowed := make(map[string]bool)
	for _, v := range e.Verdicts {
		allowed[v.Destination] = v.Allowed
	}
	for _, d := range p.destinations {
		for _, category := range d.categories {
			if allowed[d.name] && !e.Categories[category] {
				warnings = append(warnings, fmt.Sprintf(
					"destination %q is allowed, and its category %q is false in the consent object: a workspace that enforces consent does not deliver to it", d.name, category))
			}
		}
	}
	return warnings
}

func count(answers iter.Seq2[string, bool]) (n int) {
	for range answers {
		n++
	}
	return n
}

// unmatched returns warnings about answers that no name of the Config matches.
func (p *Policy) unmatched(s consent.State) (warnings []string) {
	unmatched := func(kind, name string, known []string) {
		for _, k := range known {
			if k == name {
				return
			}
			if names.Fold(k) == names.Fold(name) {
				warnings = append(warnings, fmt.Sprintf("the answer for %s %q differs from %q in casing or white space: a denial counts, a grant does not", kind, name, k))
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
