package consenttest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
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
			consenttest.TestPolicy(t, func() *destinations.Policy { return destinations.MustCompile(config) })
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

func TestBrokenPoliciesAreFound(t *testing.T) {
	const exactName = "a grant counts under its exact name alone"
	var calls atomic.Int64
	for name, test := range map[string]struct {
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
	} {
		t.Run(name, func(t *testing.T) {
			requireBroken(t, "policy", test.broken, func(tb testing.TB) {
				consenttest.TestPolicy(tb, func() policyFunc { return test.policy })
			})
		})
	}
}

// requireBroken runs a conformance test, and compares the rules that are reported.
func requireBroken(t *testing.T, what string, want []string, test func(testing.TB)) {
	t.Helper()
	var got []string
	for _, f := range failures(t, test) {
		first, rest, _ := strings.Cut(f, "\n")
		got = append(got, strings.TrimPrefix(first, "consenttest: the "+what+" breaks a rule: "))
		require.Regexp(t, `(?s)^\thow: .+\n\twhy it is one: .+`, rest)
	}
	require.ElementsMatch(t, want, got)
}

// Sources of this module keep the rules.
func TestSourcesConform(t *testing.T) {
	var examples consenttest.SourceExamples
	for _, v := range asked.Visitors() {
		header := v.Request("GET", "/", nil).Header
		switch {
		case header.Get("Cookie") == "" || v.State == consent.NewState(nil):
		case v.State == consent.All(consent.Denied):
			examples.Malformed = append(examples.Malformed, header)
		default:
			examples.Answers = append(examples.Answers, consenttest.SourceAnswer{Header: header, State: v.State})
		}
	}
	consenttest.TestSource(t, func() cookie.Codec { return cookie.Codec{} }, examples)
	consenttest.TestSource(t, func() middleware.Source { return cookie.Codec{} }, examples)
}

// A banner is a Source that keeps the rules: "yes", "no", or copies that agree.
func banner(r *http.Request) (s consent.State, err error) {
	s = consent.NewState(nil)
	for i, c := range cookie.Values(r, "banner") {
		var answer consent.State
		switch c {
		case "yes":
			answer = consenttest.Grant("analytics")
		case "no":
			answer = consenttest.Deny("analytics")
		default:
			return consent.State{}, errors.New("banner: neither yes nor no")
		}
		if s = s.Restrict(answer); i > 10 {
			return s, errors.New("banner: too many")
		}
	}
	return s, nil
}

var bannerExamples = consenttest.SourceExamples{
	Answers: []consenttest.SourceAnswer{
		{Header: http.Header{"Cookie": {"a=b; banner=yes"}}, State: consenttest.Grant("analytics")},
		{Header: http.Header{"Cookie": {"banner=no"}}, State: consenttest.Deny("analytics")},
	},
	Malformed: []http.Header{{"Cookie": {"banner=yes-secret"}}},
}

func TestBrokenSourcesAreFound(t *testing.T) {
	type source = middleware.SourceFunc
	const (
		read      = "an answer is read as what it is"
		silence   = "a request without an answer is NewState(nil), without an error"
		malformed = "an answer that cannot be read is an error"
		copies    = "of two copies only that is granted which both grant"
		garbage   = "garbage grants nothing and does not panic"
		cut       = "an answer that is cut off grants no more than the whole"
		unchanged = "the request is not changed"
	)
	first := func(r *http.Request) string {
		if values := cookie.Values(r, "banner"); len(values) > 0 {
			return values[0]
		}
		return ""
	}
	for name, test := range map[string]struct {
		source source
		broken []string
	}{
		"good":          {banner, nil},
		"reads nothing": {func(*http.Request) (consent.State, error) { return consent.NewState(nil), nil }, []string{read, malformed}},
		"silence is a denial": {func(r *http.Request) (consent.State, error) {
			if first(r) == "" {
				return consent.All(consent.Denied), nil
			}
			return banner(r)
		}, []string{silence}},
		"malformed is silence": {func(r *http.Request) (consent.State, error) {
			s, err := banner(r)
			if err != nil {
				return consent.NewState(nil), nil
			}
			return s, nil
		}, []string{malformed}},
		"tells the value": {func(r *http.Request) (consent.State, error) {
			s, err := banner(r)
			if err != nil {
				err = fmt.Errorf("banner: %q", first(r))
			}
			return s, err
		}, []string{"an error holds nothing of the request"}},
		"grants everything": {func(r *http.Request) (consent.State, error) {
			if first(r) == "yes" && len(cookie.Values(r, "banner")) == 1 {
				return consent.All(consent.Granted), nil
			}
			return banner(r)
		}, []string{read, "an answer grants by name"}},
		"adds to the header": {func(r *http.Request) (consent.State, error) {
			r.Header.Set("Seen", "1")
			return banner(r)
		}, []string{unchanged}},
		"changes the path": {func(r *http.Request) (consent.State, error) {
			r.URL.Path = "/"
			return banner(r)
		}, []string{unchanged}},
		"reads the body": {func(r *http.Request) (consent.State, error) {
			_ = r.ParseMultipartForm(1)
			_, _ = r.Body.Read(make([]byte, 10))
			return banner(r)
		}, []string{unchanged}},
		"takes a prefix for a yes": {func(r *http.Request) (consent.State, error) {
			if v := first(r); v == "n" {
				return consenttest.Grant("analytics"), nil
			}
			return banner(r)
		}, []string{cut}},
		"takes the first copy": {func(r *http.Request) (consent.State, error) {
			if first(r) == "yes" {
				return consenttest.Grant("analytics"), nil
			}
			return banner(r)
		}, []string{copies}},
		"takes everything but a no for a yes": {func(r *http.Request) (consent.State, error) {
			values := cookie.Values(r, "banner")
			if len(values) > 0 && values[0] != "no" && len(values) == 1 {
				return consenttest.Grant("analytics"), nil
			}
			return banner(r)
		}, []string{malformed, cut, garbage}},
		"panics": {func(r *http.Request) (consent.State, error) {
			if first(r) == "%" {
				panic("percent")
			}
			return banner(r)
		}, []string{garbage}},
	} {
		t.Run(name, func(t *testing.T) {
			requireBroken(t, "source", test.broken, func(tb testing.TB) {
				consenttest.TestSource(tb, func() source { return test.source }, bannerExamples)
			})
		})
	}

	t.Run("answers in turns", func(t *testing.T) {
		requireBroken(t, "source", []string{
			"the same request is the same answer", "it may be asked by many goroutines at once",
		}, func(tb testing.TB) {
			consenttest.TestSource(tb, func() source {
				var turn atomic.Int64
				return func(r *http.Request) (consent.State, error) {
					if first(r) == "yes" && turn.Add(1)%2 == 0 {
						return consenttest.Deny("analytics"), nil
					}
					return banner(r)
				}
			}, bannerExamples)
		})
	})
}

func TestSourceNeedsExamples(t *testing.T) {
	for _, examples := range []consenttest.SourceExamples{
		{}, {Answers: bannerExamples.Answers}, {Malformed: bannerExamples.Malformed},
	} {
		require.Equal(t, "consenttest: TestSource needs an answer and a malformed request to test with",
			failure(t, func(tb testing.TB) {
				consenttest.TestSource(tb, func() cookie.Codec { return cookie.Codec{} }, examples)
			}))
	}
}
