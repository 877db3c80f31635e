package conformance_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/destinations"
)

// The policies of the destinations package keep the rules, with every option.
func TestPoliciesConform(t *testing.T) {
	for name, config := range map[string]destinations.Config{
		"zero": {},
		"all options": {
			Categories: map[string][]string{"analytics": {"Amplitude", "Braze"}, "advertising": {"Facebook Pixel", "Braze"}, "empty": nil},
			Always:     []string{"Webhooks"}, Aliases: map[string][]string{"Braze": {"Appboy"}},
			ServerOnly: []string{"Braze"}, OptOut: true, Imply: true, AllowUnlisted: true,
		},
		"opt-in": {Categories: map[string][]string{"analytics": {"Amplitude"}, "Ads": {"Facebook Pixel"}}},
	} {
		t.Run(name, func(t *testing.T) {
			conformance.TestPolicy(t, func() *destinations.Policy { return destinations.MustCompile(config) })
		})
	}
}

type policyFunc func(consent.State) consent.Decision

func (f policyFunc) Decide(s consent.State) consent.Decision { return f(s) }

// decide is a decision about two destinations, A of category a and B of category b.
func decide(a, b bool) consent.Decision {
	return consent.NewDecision(map[string]bool{"a": a, "b": b}, []consent.Verdict{
		{Destination: "A", Allowed: a, Reason: "test"}, {Destination: "B", Allowed: b, Reason: "test"},
	}, false)
}

func granted(s consent.State, name string) bool {
	return s.Category(name) == consent.Granted && s.Destination(strings.ToUpper(name)) != consent.Denied &&
		s.Destination(name) != consent.Denied
}

// good keeps every rule.
func good(s consent.State) consent.Decision { return decide(granted(s, "a"), granted(s, "b")) }

const exactName = "a grant counts under its exact name alone"

var calls atomic.Int64

// brokenPolicies lists policies with the rules that each of them breaks.
var brokenPolicies = map[string]struct {
	policy policyFunc
	broken []string
}{
	"good": {good, nil},
	"opens what was not read": {func(s consent.State) consent.Decision {
		return decide(granted(s, "a") || s == consent.All(consent.Denied), granted(s, "b"))
	}, []string{"what was not read opens nothing"}},
	"leaves the unlisted open": {func(s consent.State) consent.Decision {
		return consent.NewDecision(map[string]bool{"a": false}, nil, true)
	}, []string{"what was not read opens nothing", "a visitor who denies every category closes everything"}},
	"knows the denial of one only": {func(s consent.State) consent.Decision {
		return decide(granted(s, "a"), granted(s, "b") || s.Category("a") == consent.Denied)
	}, []string{"what was not read opens nothing", "a visitor who denies every category closes everything",
		"the denial of a category only closes"}},
	"ignores destinations": {func(s consent.State) consent.Decision {
		return decide(s.Category("a") == consent.Granted, s.Category("b") == consent.Granted)
	}, []string{"the denial of a destination closes it, in any casing"}},
	"knows one casing of a denial": {func(s consent.State) consent.Decision {
		return decide(s.Category("a") == consent.Granted && s.Destination("A") != consent.Denied, granted(s, "b"))
	}, []string{"the denial of a destination closes it, in any casing"}},
	"folds the names of categories": {func(s consent.State) consent.Decision {
		return decide(granted(s, "a") || s.Category("A") == consent.Granted, granted(s, "b"))
	}, []string{exactName}},
	"takes All for a destination": {func(s consent.State) consent.Decision {
		return decide(granted(s, "a") || s.Destination("All") == consent.Granted && s.Rest() == consent.Unknown, granted(s, "b"))
	}, []string{"the grant of a destination opens no other"}},
	"is opt-out and opens what was not asked": {func(s consent.State) consent.Decision {
		open := func(destination string) bool {
			return !s.AskedByDestination() || s.Destination(destination) == consent.Granted
		}
		return decide(s.Category("a") != consent.Denied && open("A"), s.Category("b") != consent.Denied && open("A"))
	}, []string{"the grant of a destination opens no other"}},
	"takes categories from the visitor": {func(s consent.State) consent.Decision {
		categories := map[string]bool{"a": granted(s, "a")}
		for name, ok := range s.Categories() {
			categories[name] = ok
		}
		return consent.NewDecision(categories, []consent.Verdict{{Destination: "A", Allowed: granted(s, "a"), Reason: "test"}}, false)
	}, []string{"the categories are those of the policy, for every visitor"}},
	"has no category": {func(s consent.State) consent.Decision {
		return consent.NewDecision(nil, []consent.Verdict{{Destination: "A", Reason: "test"}}, false)
	}, []string{"the categories are those of the policy, for every visitor"}},
	"reports every category as granted": {func(s consent.State) consent.Decision {
		return consent.NewDecision(map[string]bool{"a": true, "b": true}, []consent.Verdict{{Destination: "A", Reason: "test"}}, false)
	}, []string{"a category that was denied is false"}},
	"gives no reason": {func(s consent.State) consent.Decision {
		return consent.NewDecision(map[string]bool{"a": granted(s, "a")}, []consent.Verdict{{Destination: "A", Allowed: granted(s, "a")}}, false)
	}, []string{"every verdict has a reason"}},
	"panics": {func(s consent.State) consent.Decision {
		if s.Category("name 1") == consent.Denied && s.Category("a") == consent.Unknown {
			panic("many")
		}
		return good(s)
	}, []string{"the denial of a category only closes", "the categories are those of the policy, for every visitor",
		"every verdict has a reason", "the same answer is the same decision"}},
	"changes its mind": {func(s consent.State) consent.Decision {
		return consent.NewDecision(map[string]bool{"a": false}, []consent.Verdict{{Destination: "A", Reason: consent.Reason(fmt.Sprint(calls.Add(1)))}}, false)
	}, []string{"the same answer is the same decision", "it may be asked by many goroutines at once"}},
}

func TestBrokenPoliciesAreFound(t *testing.T) {
	for name, test := range brokenPolicies {
		t.Run(name, func(t *testing.T) {
			requireBroken(t, "policy", test.broken, func(tb testing.TB) {
				conformance.TestPolicy(tb, func() policyFunc { return test.policy })
			})
		})
	}
}
