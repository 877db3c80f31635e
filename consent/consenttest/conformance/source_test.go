package conformance_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/failtest"
	"github.com/go-consent/segment/middleware"
)

var site = consenttest.Site{Categories: map[string][]string{
	"analytics":   {"Amplitude", "Mixpanel"},
	"advertising": {"Facebook Pixel"},
}}

// Sources of this module keep the rules.
func TestSourcesConform(t *testing.T) {
	var examples conformance.SourceExamples
	for _, v := range site.Visitors() {
		header := v.Request("GET", "/", nil).Header
		switch {
		case !v.State.Answered() && v.State != consent.All(consent.Denied):
		case v.State == consent.All(consent.Denied):
			examples.Malformed = append(examples.Malformed, header)
		default:
			examples.Answers = append(examples.Answers, conformance.SourceAnswer{Header: header, State: v.State})
		}
	}
	conformance.TestSource(t, func() cookie.Codec { return cookie.Codec{} }, examples)
	conformance.TestSource(t, func() middleware.Source { return cookie.Codec{} }, examples)
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

var bannerExamples = conformance.SourceExamples{
	Answers: []conformance.SourceAnswer{
		{Header: http.Header{"Cookie": {"a=b; banner=yes"}}, State: consenttest.Grant("analytics")},
		{Header: http.Header{"Cookie": {"banner=no"}}, State: consenttest.Deny("analytics")},
	},
	Malformed: []http.Header{{"Cookie": {"banner=yes%22-secret"}}},
}

type source = middleware.SourceFunc

const (
	read      = "an answer is read as what it is"
	silence   = "a request without an answer is NewState(nil), without an error"
	discreet  = "an error holds nothing of the request"
	malformed = "an answer that cannot be read is an error"
	copies    = "of two copies only that is granted which both grant"
	garbage   = "garbage grants nothing and does not panic"
	cut       = "an answer that is cut off grants no more than the whole"
	unchanged = "the request is not changed"
)

// first returns the first copy of the banner's cookie.
func first(r *http.Request) string {
	if values := cookie.Values(r, "banner"); len(values) > 0 {
		return values[0]
	}
	return ""
}

// brokenSources lists Sources with the rules that each of them breaks.
var brokenSources = map[string]struct {
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
	}, []string{discreet}},
	"tells the decoded value": {func(r *http.Request) (consent.State, error) {
		s, err := banner(r)
		if plain, _ := url.PathUnescape(first(r)); err != nil {
			err = fmt.Errorf("banner: %s", plain)
		}
		return s, err
	}, []string{discreet}},
	"quotes the decoded value": {func(r *http.Request) (consent.State, error) {
		s, err := banner(r)
		if plain, _ := url.PathUnescape(first(r)); err != nil {
			err = fmt.Errorf("banner: %q", plain) // with a backslash in it
		}
		return s, err
	}, []string{discreet}},
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
}

func TestBrokenSourcesAreFound(t *testing.T) {
	for name, test := range brokenSources {
		t.Run(name, func(t *testing.T) {
			requireBroken(t, "source", test.broken, func(tb testing.TB) {
				conformance.TestSource(tb, func() source { return test.source }, bannerExamples)
			})
		})
	}

	t.Run("answers in turns", func(t *testing.T) {
		requireBroken(t, "source", []string{
			"the same request is the same answer", "it may be asked by many goroutines at once",
		}, func(tb testing.TB) {
			conformance.TestSource(tb, func() source {
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

// Examples without an answer would pass for any Source.
func TestExamplesAnswerSomething(t *testing.T) {
	for _, s := range []consent.State{{}, consent.NewState(nil), consent.All(consent.Granted)} {
		examples := conformance.SourceExamples{
			Answers:   append(bannerExamples.Answers[:1:1], conformance.SourceAnswer{Header: http.Header{"Cookie": {"banner=no"}}, State: s}),
			Malformed: bannerExamples.Malformed,
		}
		require.Contains(t, failtest.One(t, func(tb testing.TB) {
			conformance.TestSource(tb, func() source { return banner }, examples)
		}), "conformance: the example map[Cookie:[banner=no]] holds no answer, but ")
	}
}

func TestSourceNeedsExamples(t *testing.T) {
	for _, examples := range []conformance.SourceExamples{
		{}, {Answers: bannerExamples.Answers}, {Malformed: bannerExamples.Malformed},
	} {
		require.Equal(t, "conformance: TestSource needs an answer and a malformed request to test with",
			failtest.One(t, func(tb testing.TB) {
				conformance.TestSource(tb, func() cookie.Codec { return cookie.Codec{} }, examples)
			}))
	}
}
