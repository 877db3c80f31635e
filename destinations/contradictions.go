package destinations

import (
	"fmt"

	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// contradictions returns the contradictions between parts of a register that is well-formed.
func (r *Register) contradictions() []*Mistake {
	c := contradictions{r: r, categories: make(map[string]bool), regimes: make(map[string]bool)}
	for i, category := range r.Categories {
		c.once(c.categories, category.Name, index("categories", i)+".name", "category")
	}
	for i, regime := range r.Regimes {
		key := index("regimes", i)
		c.once(c.regimes, regime.Name, key+".name", "regime")
		c.known(c.categories, regime.Presumed, key+".presumed", "category")
	}
	owner := make(map[string]named)
	for i, e := range r.Destinations {
		c.entry(e, index("destinations", i), owner)
	}
	if len(c.mistakes) == 0 {
		// A mistake that only Compile finds has no line.
		if _, err := Compile(r.Config()); err != nil {
			c.wrong("destinations", "%v", err)
		}
	}
	return c.mistakes
}

// named is a name of a destination, and the destination.
type named struct{ name, of string }

type contradictions struct {
	r                   *Register
	categories, regimes map[string]bool
	mistakes            []*Mistake
}

func (c *contradictions) wrong(key, format string, args ...any) {
	c.mistakes = append(c.mistakes, &Mistake{c.r.Line(key), key, fmt.Sprintf(format, args...)})
}

func (c *contradictions) once(seen map[string]bool, name, key, what string) {
	if seen[name] {
		c.wrong(key, "there are two of the %s %q", what, name)
	}
	seen[name] = true
}

func (c *contradictions) known(all map[string]bool, names []string, key, what string) {
	seen := make(map[string]bool)
	for i, name := range names {
		if !all[name] {
			c.wrong(index(key, i), "there is no %s %q", what, name)
		}
		c.once(seen, name, index(key, i), what)
	}
}

func (c *contradictions) entry(e Entry, key string, owner map[string]named) {
	c.known(c.categories, e.Categories, key+".categories", "category")
	for i, name := range e.Names() {
		at := key + ".name"
		if i > 0 {
			at = c.keyOf(e, key, name)
		}
		if segment.Reserved(name) {
			c.wrong(at, "%q is a key of Segment's own, no destination", name)
		}
		// A denial in one casing is a denial in all.
		switch other, found := owner[names.Fold(name)]; {
		case found && other.name == name:
			c.wrong(at, "%q is a name of %q already", name, other.of)
		case found && other.of != e.Name:
			c.wrong(at, "%q is a name of %q already, as %q", name, other.of, other.name)
		}
		owner[names.Fold(name)] = named{name, e.Name}
	}
	overridden := make(map[string]bool)
	for i, o := range e.Overrides {
		at := index(key+".overrides", i)
		if !c.regimes[o.Regime] {
			c.wrong(at+".regime", "there is no regime %q", o.Regime)
		}
		c.once(overridden, o.Regime, at+".regime", "override for the regime")
		if (o.Basis.Kind == BasisStrictlyNecessary) != (e.Basis.Kind == BasisStrictlyNecessary) {
			c.wrong(at+".basis.kind", "is strictly necessary in one regime and not in another, and what is strictly necessary is open in all")
		}
	}
	if !e.Reviewed.IsZero() && !e.NextReview.IsZero() && e.NextReview.Before(e.Reviewed) {
		c.wrong(key+".nextReview", "is before the last review")
	}
}

// keyOf returns the key at which another name of a destination is.
func (c *contradictions) keyOf(e Entry, key, name string) string {
	if e.CreationName == name {
		return key + ".creationName"
	}
	for i, alias := range e.Aliases {
		if alias == name {
			return index(key+".aliases", i)
		}
	}
	for i, previous := range e.PreviousNames {
		if previous == name {
			return index(key+".previousNames", i)
		}
	}
	return key
}
