package preferences_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

// optOut presumes grants for visitors of one country.
func optOut(r *http.Request) consent.State {
	if r.Header.Get("Country") != "US" {
		return consent.NewState(nil)
	}
	return consent.NewState(m{"analytics": true, "advertising": true, "functional": false})
}

// The endpoint shows the State that decides the visitor's next event.
func TestDefaultShowsWhatCounts(t *testing.T) {
	american, gpc := http.Header{"Country": {"US"}}, http.Header{"Country": {"US"}, "Sec-Gpc": {"1"}}
	abroad := http.Header{"Country": {"FR"}}
	denial := consent.NewState(m{"analytics": false})
	everything := consent.NewState(m{"advertising": true, "analytics": true, "functional": true})
	for _, test := range []struct {
		name    string
		q       request
		allowed []string // besides the strictly necessary
	}{
		{"no answer", request{method: "GET", header: american}, []string{"Amplitude", "Actions Amplitude", "Braze", "Facebook Pixel"}},
		{"no answer, and a signal", request{method: "GET", header: gpc}, []string{"Amplitude", "Actions Amplitude"}},
		{"no answer, elsewhere", request{method: "GET", header: abroad}, nil},
		{"a denial", request{method: "GET", header: american, cookies: held(t, denial)}, nil},
		{"an answer that cannot be read", request{method: "GET", header: american, cookies: cookie.DefaultName + "=yes"}, nil},
		{"a denial given", request{method: "POST", header: american, body: `{"categories":{"analytics":false}}`}, nil},
		{"a grant given", request{method: "POST", header: american, body: `{"categories":{"analytics":true}}`}, []string{"Amplitude", "Actions Amplitude"}},
		{"a grant given, elsewhere", request{method: "POST", header: abroad, body: `{"categories":{"analytics":true}}`}, []string{"Amplitude", "Actions Amplitude"}},
		{"a denial forgotten", request{method: "DELETE", header: american, cookies: held(t, denial)}, []string{"Amplitude", "Actions Amplitude", "Braze", "Facebook Pixel"}},
		{"a denial forgotten, and a signal", request{method: "DELETE", header: gpc, cookies: held(t, denial)}, []string{"Amplitude", "Actions Amplitude"}},
		{"a grant forgotten, elsewhere", request{method: "DELETE", header: abroad, cookies: held(t, everything)}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench()
			b.Default, b.Signals = optOut, []middleware.Signal{middleware.GPC("advertising")}
			w := b.do(test.q)
			require.Equal(t, http.StatusOK, w.Code)
			next := test.q
			if test.q.method != "GET" {
				next.cookies = sentBack(w)
			}
			counts := b.counts(t, next)
			got := show(t, w)
			require.Equal(t, allowedBy(sitePolicy, counts), got.allowed())
			want := []string{"Webhooks"}
			want = append(want, test.allowed...)
			slices.Sort(want)
			require.Equal(t, want, granted(got.allowed()))
			for _, category := range []string{"advertising", "functional"} {
				require.NotContains(t, got.Categories, category, "presumed grants are no answer")
			}
			if test.q.method == "GET" {
				require.Empty(t, w.Header()["Set-Cookie"])
				return
			}
			update := b.sent(t)[0]
			require.Equal(t, consent.UpdateEvent, update.Event)
			require.NoError(t, b.client().With(counts).Enqueue(analytics.Track{AnonymousId: "a", Event: "e"}))
			events := b.sent(t)
			require.Equal(t, events[len(events)-1].Context.Consent.CategoryPreferences, update.Context.Consent.CategoryPreferences)
		})
	}
}

// For a request without a cookie, it shows the State that decides the events of that request.
func TestDefaultAndOtherSites(t *testing.T) {
	for name, test := range map[string]struct {
		header   http.Header
		sameSite http.SameSite
		presumes bool
	}{
		"the site itself":      {http.Header{"Sec-Fetch-Site": {"same-origin"}}, 0, true},
		"a sibling":            {http.Header{"Sec-Fetch-Site": {"same-site"}}, 0, true},
		"another site":         {http.Header{"Sec-Fetch-Site": {"cross-site"}}, 0, false},
		"another site's frame": {http.Header{"Sec-Fetch-Storage-Access": {"none"}}, 0, false},
		"a link":               {http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}, 0, true},
		"a link, and Strict":   {http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}, http.SameSiteStrictMode, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.Default, b.SameSite = optOut, test.sameSite
			test.header.Set("Country", "US")
			q := request{method: "GET", header: test.header}
			got := show(t, b.do(q))
			require.False(t, got.Decided)
			require.Equal(t, test.presumes, got.allowed()["Amplitude"])
			require.Equal(t, allowedBy(sitePolicy, b.counts(t, q)), got.allowed())
		})
	}
}

// A proxy that rewrites Host does not turn a browser that sends only Origin into another site.
func TestDefaultBehindAProxy(t *testing.T) {
	b := newBench()
	b.Default = optOut
	b.Host = func(*http.Request) string { return "www.shop.example" }
	w := b.do(request{
		method: "DELETE", cookies: held(t, consent.NewState(m{"analytics": false})),
		header: http.Header{"Country": {"US"}, "Origin": {"https://www.shop.example"}},
	})
	require.Equal(t, http.StatusOK, w.Code)
	require.True(t, show(t, w).allowed()["Amplitude"])
}

// The visitor's first answer closes what was presumed.
func TestADenialClosesWhatWasPresumed(t *testing.T) {
	for _, presumes := range []bool{true, false} {
		b := newBench()
		if presumes {
			b.Default = optOut
		}
		w := b.do(request{method: "POST", header: http.Header{"Country": {"US"}}, body: `{"categories":{"analytics":false}}`})
		require.Equal(t, presumes, w.Header().Get("Clear-Site-Data") != "")
	}
}

// counts is what middleware.Read returns for a visit with the cookies and headers of q.
func (b *bench) counts(t *testing.T, q request) consent.State {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://shop.example.com/", nil)
	r.Header = q.header.Clone()
	r.Header.Set("Cookie", q.cookies)
	state, err := middleware.Read(r, middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}}, Signals: b.Signals, Default: b.Default, SameSite: b.SameSite,
	})
	if err != nil {
		require.Equal(t, consent.All(consent.Denied), state)
	}
	return state
}

func allowedBy(p *destinations.Policy, s consent.State) m {
	allowed := make(m)
	for v := range p.Decide(s).Verdicts() {
		allowed[v.Destination] = v.Allowed
	}
	return allowed
}

func granted(all m) []string {
	var names []string
	for name, allowed := range all {
		if allowed {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
