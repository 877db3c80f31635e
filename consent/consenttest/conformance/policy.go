package conformance

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/go-consent/segment/consent"
)

// TestPolicy tests a custom Policy against the rules that the consent package relies on. It
// reports each rule that the Policy breaks, how, and why it is a rule. It calls newPolicy several
// times; every Policy returned has to make the same decisions.
//
// It finds the categories and destinations of the Policy in its decisions, and does not test what
// no decision names. With the race detector it tests more.
func TestPolicy[P consent.Policy](t testing.TB, newPolicy func() P) {
	t.Helper()
	check(t, "policy", policyRules, func() consent.Policy { return newPolicy() })
}

var policyRules = []rule[consent.Policy]{
	{
		"what was not read opens nothing",
		"All(Denied) is a request that nobody looked at, or that could not be read; only what is strictly necessary may see it",
		func(newPolicy func() consent.Policy) string {
			return opened(newPolicy().Decide(consent.All(consent.Denied)))
		},
	}, {
		"a visitor who denies every category closes everything",
		"there is no plainer no; only what is strictly necessary may see an event then",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			return opened(p.Decide(answer(categoriesOf(p), false)))
		},
	}, {
		"the denial of a category only closes",
		"an answer that says no to something must never let an event reach something else",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			for _, s := range probes(p) {
				before := allowed(p.Decide(s))
				for _, category := range categoriesOf(p) {
					after := p.Decide(s.Restrict(consent.NewState(map[string]bool{category: false})))
					if more := beyond(allowed(after), before); more != "" {
						return fmt.Sprintf("the denial of %s opens %s", category, more)
					}
				}
			}
			return ""
		},
	}, {
		"the denial of a destination closes it, in any casing",
		"the visitor means the destination; names differ in casing between platforms",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			everything := answer(categoriesOf(p), true)
			for v := range p.Decide(everything).Verdicts() {
				if !v.Allowed || v.Reason == consent.ReasonAlways {
					continue
				}
				for _, name := range casings(v.Destination) {
					if p.Decide(everything.WithDestinations(map[string]bool{name: false})).Allows(v.Destination) {
						return fmt.Sprintf("%s stays open although %q is denied", v.Destination, name)
					}
				}
			}
			return ""
		},
	}, {
		"a grant counts under its exact name alone",
		"the same word on another platform may mean something else; a near-name must never open",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			before := allowed(p.Decide(consent.NewState(nil)))
			names := categoriesOf(p)
			for _, category := range names {
				for _, name := range casings(category) {
					if slices.Contains(names, name) {
						continue
					}
					if more := beyond(allowed(p.Decide(answer([]string{name}, true))), before); more != "" {
						return fmt.Sprintf("the grant of %q opens %s", name, more)
					}
				}
			}
			return ""
		},
	}, {
		"the grant of a destination opens no other",
		"the visitor was asked about each; All and Segment.io are keys of Segment's own, and a visitor can write them into a cookie",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			before := allowed(p.Decide(consent.NewState(nil).WithDestinations(map[string]bool{})))
			names := []string{"All", "all", "Segment.io"}
			aliasOf := make(map[string]string)
			for v := range p.Decide(consent.NewState(nil)).Verdicts() {
				names = append(names, v.Destination)
				aliasOf[v.Destination] = primary(v)
			}
			for _, name := range names {
				for _, other := range allowed(p.Decide(consent.NewState(nil).WithDestinations(map[string]bool{name: true}))) {
					if other != name && (aliasOf[name] == "" || aliasOf[other] != aliasOf[name]) && !slices.Contains(before, other) {
						return fmt.Sprintf("the grant of %q opens %s", name, other)
					}
				}
			}
			return ""
		},
	}, {
		"the categories are those of the policy, for every visitor",
		"Segment takes a category that is missing for a denial, and the visitor writes the cookie: names of its own go nowhere",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			want := categoriesOf(p)
			if len(want) == 0 {
				return "there is no category, and without one Segment enforces nothing"
			}
			for _, s := range probes(p) {
				var got []string
				for name := range p.Decide(s).Categories() {
					got = append(got, name)
				}
				if !slices.Equal(got, want) {
					return fmt.Sprintf("the categories are %q for one visitor and %q for another", want, got)
				}
			}
			return ""
		},
	}, {
		"a category that was denied is false",
		"Segment keeps it on the profile of the visitor, and enforces by it",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			names := categoriesOf(p)
			for _, denied := range names {
				s := answer(names, true).Restrict(answer([]string{denied}, false))
				if maps.Collect(p.Decide(s).Categories())[denied] {
					return fmt.Sprintf("%s is denied, and true", denied)
				}
			}
			return ""
		},
	}, {
		"every verdict has a reason",
		"why an event did not arrive is what a privacy team is asked",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			for _, s := range probes(p) {
				for v := range p.Decide(s).Verdicts() {
					if v.Reason == "" {
						return v.String()
					}
				}
			}
			return ""
		},
	}, {
		"the same answer is the same decision",
		"a decision cannot be explained afterwards if it depends on anything but the answer",
		func(newPolicy func() consent.Policy) string {
			p, other := newPolicy(), newPolicy()
			for _, s := range probes(p) {
				first := describe(p.Decide(s))
				if again := describe(p.Decide(s)); again != first {
					return fmt.Sprintf("first %s, then %s", first, again)
				}
				if again := describe(other.Decide(s)); again != first {
					return fmt.Sprintf("one policy says %s, another like it %s", first, again)
				}
			}
			return ""
		},
	}, {
		"it may be asked by many goroutines at once",
		"every request asks it, and the race detector watches here",
		func(newPolicy func() consent.Policy) string {
			p := newPolicy()
			s := answer(categoriesOf(p), true)
			return concurrently(describe(newPolicy().Decide(s)), func() string { return describe(p.Decide(s)) })
		},
	},
}
