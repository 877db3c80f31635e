package regime

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/go-consent/segment/consent"
)

// ErrConfig is the error of a Config that does not compile, and of a policy that does not
// fit it.
var ErrConfig = errors.New("regime: bad configuration")

// A Config says what a site asks its visitors about, and how it finds out where they are.
type Config struct {
	// Categories says what each category of the policy is for. A category for several
	// purposes gets the strictest of their rules. A category that is not here is opt-in.
	Categories map[string][]Purpose

	// Where returns where the visitor is: an ISO 3166-1 country ("US") and an ISO 3166-2
	// subdivision without the country ("CA"), each "" if it is not known, in any casing.
	// [CloudFront], [Cloudflare], [AppEngine] and [Header] read the headers of a proxy.
	// Where is called from many goroutines at once. Nil: no place is known, and everybody is
	// asked.
	Where func(*http.Request) (country, region string)

	// Overrides replaces rows of the table, by Place. The override of a country also
	// replaces the rows of its subdivisions, which can be overridden in turn. If it is not
	// known which subdivision a visitor is in, no rule is laxer than in the overrides of any.
	// Law, Source and AsOf are for reviewers of the site.
	Overrides map[string]Regime
}

// Rules are a compiled Config: what each regime requires for the categories of a site. They
// may be used by many goroutines at once. A nil *Rules knows no place and denies everything.
type Rules struct {
	categories map[string][]Purpose
	where      func(*http.Request) (country, region string)
	overrides  map[string]Regime
	divided    map[string]Regime         // the strictest of the overrides of a country's subdivisions
	defaults   map[[3]Rule]consent.State // by the rules of the three purposes
}

// Compile compiles a Config. The error joins everything wrong with it, each wrapping
// [ErrConfig]: a category without a name or without a purpose, an unknown purpose or Rule,
// an override whose key is not a place or not that of its Regime. The Config is copied.
func Compile(c Config) (*Rules, error) {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	t := &Rules{
		categories: make(map[string][]Purpose, len(c.Categories)),
		where:      c.Where,
		overrides:  make(map[string]Regime, len(c.Overrides)),
		divided:    make(map[string]Regime),
		defaults:   make(map[[3]Rule]consent.State),
	}
	for _, category := range slices.Sorted(maps.Keys(c.Categories)) {
		purposes := c.Categories[category]
		t.categories[category] = slices.Clone(purposes)
		if category == "" {
			bad("a category has no name")
		}
		if len(purposes) == 0 {
			bad("category %q has no purpose", category)
		}
		for _, p := range purposes {
			if p != Functional && p != Statistics && p != Advertising {
				bad("category %q has an unknown purpose %q", category, p)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Overrides)) {
		r := c.Overrides[key]
		country, region := splitPlace(key)
		switch {
		case country == "" || joinPlace(country, region) != key:
			bad("override %q is not a place such as DE or US-CA", key)
		case r.Place != "" && r.Place != key:
			bad("override %q has a Regime of %q", key, r.Place)
		case max(r.Functional, r.Statistics, r.Advertising) > NotNeeded:
			bad("override %q has an unknown Rule", key)
		}
		r.Place = key
		t.overrides[key] = r
		if region != "" {
			if before, ok := t.divided[country]; ok {
				r = r.within(before)
			}
			t.divided[country] = r
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	t.fill()
	return t, nil
}

// MustCompile is Compile for a Config that is part of the program. It panics on an error.
func MustCompile(c Config) *Rules {
	t, err := Compile(c)
	if err != nil {
		panic(err)
	}
	return t
}

// fill computes what each combination of rules grants, so that a request only looks it up.
// The grants are marked as presumed here, so that a Default used outside the middleware is
// not taken for an answer.
func (t *Rules) fill() {
	for f := OptIn; f <= NotNeeded; f++ {
		for s := OptIn; s <= NotNeeded; s++ {
			for a := OptIn; a <= NotNeeded; a++ {
				granted := make(map[string]bool)
				for category, purposes := range t.categories {
					if (Regime{Functional: f, Statistics: s, Advertising: a}).strictest(purposes) != OptIn {
						granted[category] = true
					}
				}
				t.defaults[[3]Rule{f, s, a}] = consent.NewState(granted).Presume()
			}
		}
	}
}

// Categories returns the categories that are for a purpose, among others or alone, in the
// order of their names. Pass those for [Advertising] to [middleware.GPC], since that is what
// Global Privacy Control objects to; if there are none, it denies everything.
//
// [middleware.GPC]: https://pkg.go.dev/github.com/go-consent/segment/middleware#GPC
func (t *Rules) Categories(p Purpose) []string {
	if t == nil {
		return nil
	}
	var names []string
	for category, purposes := range t.categories {
		if slices.Contains(purposes, p) {
			names = append(names, category)
		}
	}
	slices.Sort(names)
	return names
}

// Rule returns the rule for a category of the site under r: the strictest of those of its
// purposes, and OptIn for a category that the Config does not name.
func (t *Rules) Rule(r Regime, category string) Rule {
	if t == nil {
		return OptIn
	}
	return r.strictest(t.categories[category])
}

// Check reports what in a policy would undo the rules: that it allows anything but strictly
// necessary destinations before the visitor has answered, or that it lacks a category of the
// Config. Each error wraps [ErrConfig]. Call it when the program starts.
func (t *Rules) Check(p consent.Policy) error {
	if t == nil || p == nil {
		return fmt.Errorf("%w: there are no rules or there is no policy", ErrConfig)
	}
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	d := p.Decide(consent.NewState(nil))
	for v := range d.Verdicts() {
		if v.Allowed && v.Reason != consent.ReasonAlways && v.AliasOf == "" {
			bad("the policy allows %s for a visitor who has not answered, where the law may require consent: use an opt-in policy", v.Destination)
		}
	}
	if d.Unlisted() {
		bad("the policy allows unlisted destinations for a visitor who has not answered")
	}
	known := maps.Collect(d.Categories())
	for _, category := range slices.Sorted(maps.Keys(t.categories)) {
		if _, ok := known[category]; !ok {
			bad("the policy has no category %q", category)
		}
	}
	return errors.Join(wrong...)
}
