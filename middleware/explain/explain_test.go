package explain_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/explain"
	"github.com/go-consent/segment/middleware/regime"
)

var policy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude", "BigQuery"}, "advertising": {"Facebook Pixel", "Warehouses"}},
	Aliases:    map[string][]string{"Facebook Pixel": {"FB"}},
})

var rules = regime.MustCompile(regime.Config{
	Categories: map[string][]regime.Purpose{"analytics": {regime.Statistics}, "advertising": {regime.Advertising}},
	Where:      regime.CloudFront,
})

// page is the Handler of a site. Everybody may see it.
func page() explain.Handler {
	return explain.Handler{
		Authorize: func(*http.Request) bool { return true },
		Options: middleware.Options{
			Sources: []middleware.Source{cookie.Codec{}},
			Signals: []middleware.Signal{middleware.GPC("advertising")},
			Default: rules.Default,
		},
		Policy:   policy,
		Rules:    rules,
		Warnings: func(s consent.State) []string { return policy.Explain(s).Warnings },
	}
}

func get(headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/debug/consent", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func answered(custom string) string {
	return "tracking-preferences=" + `{"version":1,"custom":` + custom + `}`
}

// report is the part of the JSON that the tests read.
type report struct {
	Basis            string
	Summary          struct{ Allowed, Denied int }
	Sources, Signals []struct {
		Name, Says, Error string
		Answer            *state
	}
	Regime     *struct{ Place, Statistics, Source string }
	Context    *state
	State      state
	Categories []struct {
		Name, Answer, Rule string
		Told               *bool
	}
	Destinations []struct {
		Name, Reason, Cause, Decided string
		Aliases                      []string
		Allowed, Unlisted            bool
	}
	Suppressed      string
	UnlistedAllowed bool
	AliasSuppressed bool
	Warnings        []string
}

type state struct {
	Rest                     string
	Categories, Destinations map[string]string
}

func explained(t *testing.T, h http.Handler, r *http.Request) (v report) {
	t.Helper()
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

func TestPageNeedsAuthorization(t *testing.T) {
	unread := middleware.SourceFunc(func(*http.Request) (consent.State, error) {
		t.Error("the request was read")
		return consent.State{}, nil
	})
	h := explain.Handler{Options: middleware.Options{Sources: []middleware.Source{unread}}}
	for _, test := range []struct {
		authorize func(*http.Request) bool
		status    int
	}{
		{nil, http.StatusNotFound},
		{func(*http.Request) bool { return false }, http.StatusForbidden},
	} {
		h.Authorize = test.authorize
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
			require.Equal(t, test.status, w.Code)
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		}
	}
	w := httptest.NewRecorder()
	explain.Handler{}.ServeHTTP(w, get())
	require.Equal(t, http.StatusNotFound, w.Code)
	w = httptest.NewRecorder()
	page().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
}

func TestWhatTheStateRestsOn(t *testing.T) {
	for _, test := range []struct {
		name                   string
		headers                []string
		basis                  string
		analytics, advertising string
		allowed                int
	}{
		{"a European who has not answered", []string{"CloudFront-Viewer-Country", "FR"}, "no answer yet, so the Default", "unknown", "unknown", 0},
		{"a Briton", []string{"CloudFront-Viewer-Country", "GB"}, "no answer yet, so the Default", "presumed", "unknown", 1},
		{"an American", []string{"CloudFront-Viewer-Country", "US"}, "no answer yet, so the Default", "presumed", "presumed", 4},
		{"an American with a signal", []string{"CloudFront-Viewer-Country", "US", "Sec-GPC", "1"}, "no answer yet, so the Default", "presumed", "denied", 1},
		{"an answer", []string{"CloudFront-Viewer-Country", "US", "Cookie", answered(`{"analytics":true,"advertising":false}`)}, "the visitor's answer", "granted", "denied", 1},
		{"malformed", []string{"CloudFront-Viewer-Country", "US", "Cookie", "tracking-preferences={"}, "could not be read", "denied", "denied", 0},
		{"another site", []string{"CloudFront-Viewer-Country", "US", "Sec-Fetch-Site", "cross-site"}, "comes from another site", "denied", "denied", 0},
		{"another site, with an answer", []string{"Cookie", answered(`{"analytics":true}`), "Sec-Fetch-Site", "cross-site"}, "the visitor's answer", "granted", "unknown", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := explained(t, page(), get(test.headers...))
			require.Contains(t, v.Basis, test.basis)
			require.Equal(t, "advertising", v.Categories[0].Name)
			require.Equal(t, test.advertising, v.Categories[0].Answer)
			require.Equal(t, test.analytics, v.Categories[1].Answer)
			require.Equal(t, test.allowed, v.Summary.Allowed)

			// The middleware and the client come to the same result for the same request.
			s, _ := middleware.Read(get(test.headers...), page().Options)
			require.Equal(t, s.Rest().String(), v.State.Rest)
			decided, suppressed := consent.AtSegment(policy.Decide(s))
			require.Equal(t, string(suppressed), v.Suppressed)
			for _, d := range v.Destinations {
				require.Equal(t, decided.Allows(d.Name), d.Allowed, d.Name)
			}
			for _, c := range v.Categories {
				for name, told := range decided.Categories() {
					if name == c.Name {
						require.Equal(t, told, *c.Told, name)
					}
				}
			}
		})
	}
}

func TestStepsAreShown(t *testing.T) {
	v := explained(t, page(), get("CloudFront-Viewer-Country", "GB", "Sec-GPC", "1", "Cookie", answered(`{"analytics":true,"chat":true}`)))
	require.Equal(t, "cookie.Codec, tracking-preferences", v.Sources[0].Name)
	require.Equal(t, map[string]string{"analytics": "granted", "chat": "granted"}, v.Sources[0].Answer.Categories)
	require.Equal(t, "Global Privacy Control or Do Not Track", v.Signals[0].Name)
	require.Equal(t, map[string]string{"advertising": "denied"}, v.Signals[0].Answer.Categories)
	require.Equal(t, "GB", v.Regime.Place)
	require.Equal(t, "opt-out", v.Regime.Statistics)
	require.NotEmpty(t, v.Regime.Source)
	require.Nil(t, v.Context)
	require.True(t, v.AliasSuppressed)
	require.Equal(t, "chat", v.Categories[2].Name)
	require.Nil(t, v.Categories[2].Told, "the policy does not have it")
	require.Equal(t, "opt-in", v.Categories[2].Rule)
	require.Contains(t, strings.Join(v.Warnings, "\n"), `"chat" matches nothing`)

	for _, d := range v.Destinations {
		switch d.Name {
		case "Facebook Pixel":
			require.Equal(t, []string{"FB"}, d.Aliases)
			require.Equal(t, "advertising", d.Cause)
		case "BigQuery": // opens and closes with Warehouses, which the signal denies
			require.False(t, d.Allowed)
			require.Equal(t, string(consent.ReasonWarehouses), d.Reason)
			require.Contains(t, d.Decided, "BigQuery: allowed")
		}
	}
}

func TestVisitorNamesAreNotPolicyDestinations(t *testing.T) {
	v := explained(t, page(), get("Cookie", `tracking-preferences={"version":1,"destinations":{"Amplitude":true,"TikTok":false},"custom":{"analytics":true}}`))
	require.Equal(t, 4, v.Summary.Allowed+v.Summary.Denied)
	last := v.Destinations[len(v.Destinations)-1]
	require.Equal(t, "TikTok", last.Name)
	require.True(t, last.Unlisted)
	require.Equal(t, map[string]string{"Amplitude": "granted", "TikTok": "denied"}, v.State.Destinations)
}

// A site that sends to another router than Segment sees what that router makes of the policy.
func TestRouterOfTheClientCounts(t *testing.T) {
	h := page()
	request := func() *http.Request { return get("Cookie", answered(`{"analytics":true,"advertising":false}`)) }
	v := explained(t, h, request())
	require.Empty(t, v.Suppressed)
	require.Len(t, v.Destinations, 4)

	gate := consent.Gate{Destinations: []string{"Amplitude", "Facebook Pixel"}}
	h.Client = consent.New(consent.Discard, policy, &consent.Options{Router: gate})
	v = explained(t, h, request())
	require.Equal(t, string(consent.SuppressedUnstoppable), v.Suppressed)
	require.Len(t, v.Destinations, 2, "the gate has these")
	sent, suppressed := h.Client.Decide(consent.NewState(map[string]bool{"analytics": true, "advertising": false}))
	require.Equal(t, string(suppressed), v.Suppressed)
	for _, d := range v.Destinations {
		require.Equal(t, sent.Allows(d.Name), d.Allowed, d.Name)
	}

	// Segment decides about BigQuery by Warehouses, and the gate does not.
	require.False(t, explained(t, page(), request()).allows(t, "BigQuery"))
	gate = consent.Gate{Destinations: []string{"BigQuery"}}
	h.Client = consent.New(consent.Discard, policy, &consent.Options{Router: gate})
	require.True(t, explained(t, h, request()).allows(t, "BigQuery"))
}

// allows returns what the page says of a destination.
func (r report) allows(t *testing.T, destination string) bool {
	t.Helper()
	for _, d := range r.Destinations {
		if d.Name == destination {
			return d.Allowed
		}
	}
	require.Fail(t, "the page does not have it", destination)
	return false
}

func TestMisconfiguredSite(t *testing.T) {
	everybody := func(*http.Request) bool { return true }
	var nothing *destinations.Policy
	for name, h := range map[string]explain.Handler{
		"nothing": {Authorize: everybody},
		"nil inside": {Authorize: everybody, Policy: nothing, Options: middleware.Options{
			Sources: []middleware.Source{nil, middleware.SourceFunc(nil), (*custom)(nil)}, Signals: []middleware.Signal{nil},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			v := explained(t, h, get())
			require.Contains(t, v.Basis, "without a Source")
			require.Equal(t, "denied", v.State.Rest)
			require.Empty(t, v.Destinations)
			require.NotEmpty(t, v.Suppressed)
			require.Nil(t, v.Regime)
			for _, s := range append(v.Sources, v.Signals...) {
				require.Equal(t, "cannot be asked: it is nil", s.Says)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, get())
			require.Contains(t, w.Body.String(), "No event of this visitor leaves")
			require.Contains(t, w.Body.String(), "</html>")
		})
	}
}

// custom is a custom Source.
type custom struct{ state consent.State }

func (c *custom) Consent(*http.Request) (consent.State, error) { return c.state, nil }

func accountConsent(*http.Request) (consent.State, error) { return consent.All(consent.Denied), nil }

func TestNamesOfSources(t *testing.T) {
	h := page()
	named := cookie.Codec{}
	named.Template.Name = "answers"
	h.Options.Sources = []middleware.Source{named, &custom{consent.NewState(nil)}, middleware.SourceFunc(accountConsent)}
	h.Options.Signals = []middleware.Signal{middleware.DNT(), theirOwn}
	v := explained(t, h, get("DNT", "1"))
	require.Equal(t, "cookie.Codec, answers", v.Sources[0].Name)
	require.Equal(t, "*explain_test.custom", v.Sources[1].Name)
	require.Equal(t, "nothing", v.Sources[1].Says)
	require.Equal(t, "explain_test.accountConsent", v.Sources[2].Name)
	require.Equal(t, "denies everything", v.Sources[2].Says)
	require.Equal(t, "Global Privacy Control or Do Not Track", v.Signals[0].Name)
	require.Equal(t, "denies everything", v.Signals[0].Says)
	require.Equal(t, "explain_test.theirOwn", v.Signals[1].Name)
}

func theirOwn(*http.Request) consent.State { return consent.NewState(nil) }

// Behind the middleware of the site, the page shows the same. It shows the context only if that
// made a difference.
func TestInsideAMiddleware(t *testing.T) {
	same := middleware.New(page().Options)(page())
	v := explained(t, rules.Handler(same), get("CloudFront-Viewer-Country", "GB"))
	require.Nil(t, v.Context)
	require.Equal(t, "presumed", v.State.Categories["analytics"])
	require.Contains(t, v.Basis, "Default")

	stricter := page().Options
	stricter.Sources = []middleware.Source{&custom{consent.NewState(map[string]bool{"analytics": false})}}
	v = explained(t, middleware.New(stricter)(page()), get("Cookie", answered(`{"analytics":true}`)))
	require.Equal(t, map[string]string{"analytics": "denied"}, v.Context.Categories)
	require.Equal(t, "denied", v.State.Categories["analytics"])
	w := httptest.NewRecorder()
	middleware.New(stricter)(page()).ServeHTTP(w, get("Cookie", answered(`{"analytics":true}`)))
	require.Contains(t, w.Body.String(), "Before this page")
}
