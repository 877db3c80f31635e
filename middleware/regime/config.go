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

// A Config says what a site asks its visitors about, and how it knows where they are.
type Config struct {
	// Categories says what each category of the policy is for. One that is for several
	// purposes has the strictest of their rules. A category that is not here is opt-in.
	Categories map[string][]Purpose

	// Where tells where the visitor is: a country of ISO 3166-1 ("US"), and a part of it
	// of ISO 3166-2 without the country ("CA"), each "" if it is not known, in any casing.
	// [CloudFront], [Cloudflare], [AppEngine] and [Header] read what a proxy tells. Where is
	// called from many goroutines at once. Nil: nobody knows, and everybody is asked.
	Where func(*http.Request) (country, region string)

	// Overrides replaces rows of the table, by Place. That of a country replaces those of
	// its parts as well, which can be overridden in turn. Law, Source and AsOf are for
	// whoever reviews the site.
	Overrides map[string]Regime
}

// Rules are a compiled Config: what each regime asks for the categories of a site. They
// may be used by many goroutines at once. A nil *Rules knows no place and denies
// everything.
type Rules struct {
	categories map[string][]Purpose
	where      func(*http.Request) (country, region string)
	overrides  map[string]Regime
	defaults   map[[3]Rule]consent.State // by the rules of the three purposes
}

// Compile compiles a Config. The error joins everything wrong with it, each wrapping
// [ErrConfig]: a category without a name or without a purpose, a purpose or a Rule that
// there is none of, an override whose key is no place or not that of its Regime. The
// Config is copied.
func Compile(c Config) (*Rules, error) {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	t := &Rules{
		categories: make(map[string][]Purpose, len(c.Categories)),
		where:      c.Where,
		overrides:  make(map[string]Regime, len(c.Overrides)),
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
				bad("category %q has a purpose %q that there is none of", category, p)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Overrides)) {
		r := c.Overrides[key]
		switch country, region := splitPlace(key); {
		case country == "" || joinPlace(country, region) != key:
			bad("override %q is no place such as DE or US-CA", key)
		case r.Place != "" && r.Place != key:
			bad("override %q is a Regime of %q", key, r.Place)
		case max(r.Functional, r.Statistics, r.Advertising) > NotNeeded:
			bad("override %q has a Rule that there is none of", key)
		}
		r.Place = key
		t.overrides[key] = r
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
// The grants are presumed here already: whoever takes a Default elsewhere than to the
// middleware must not take them for answers.
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

// Categories returns the categories that are for a purpose, also beside others, in the
// order of their names. Those for [Advertising] are what Global Privacy Control objects to,
// for [middleware.GPC]; if there are none, it denies everything.
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

// Check reports what in a policy would undo the rules: that it allows something before the
// visitor has answered, strictly necessary destinations aside, or that it does not have a
// category of the Config. Each error wraps [ErrConfig]. Call it when the program starts.
func (t *Rules) Check(p consent.Policy) error {
	if t == nil || p == nil {
		return fmt.Errorf("%w: no rules or no policy to check", ErrConfig)
	}
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	d := p.Decide(consent.NewState(nil))
	for v := range d.Verdicts() {
		if v.Allowed && v.Reason != consent.ReasonAlways && v.AliasOf == "" {
			bad("the policy allows %s to a visitor who has not answered, where the law may ask for consent: use an opt-in policy", v.Destination)
		}
	}
	if d.Unlisted() {
		bad("the policy leaves unlisted destinations open to a visitor who has not answered")
	}
	known := maps.Collect(d.Categories())
	for _, category := range slices.Sorted(maps.Keys(t.categories)) {
		if _, ok := known[category]; !ok {
			bad("the policy has no category %q", category)
		}
	}
	return errors.Join(wrong...)
}
