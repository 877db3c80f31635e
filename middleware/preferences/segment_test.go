package preferences_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
)

func TestTellSegment(t *testing.T) {
	const known = "ajs_anonymous_id=visitor-1; "
	everything := sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true}))
	t.Run("the update first, then the traits", func(t *testing.T) {
		b := newBench()
		b.Client, b.UserID = b.client(), func(*http.Request) string { return "user-1" }
		w := b.do(request{method: "POST", body: `{"categories":{"analytics":true,"advertising":false,"functional":true}}`, cookies: known})
		sent := b.sent(t)
		require.Len(t, sent, 2)
		for _, e := range sent {
			require.Equal(t, "visitor-1", e.AnonymousID)
			require.Equal(t, "user-1", e.UserID)
			require.Equal(t, m{"advertising": false, "analytics": true, "functional": true}, e.Context.Consent.CategoryPreferences)
		}
		require.Equal(t, consent.UpdateEvent, sent[0].Event)
		require.Equal(t, map[string]any{"All": false, "Warehouses": map[string]any{"all": false}}, sent[0].Integrations)
		require.Equal(t, "identify", sent[1].Type)
		require.Equal(t, map[string]m{
			"customTrackingPreferences":      {"advertising": false, "analytics": true, "functional": true},
			"destinationTrackingPreferences": maps.Collect(saved(t, w).Destinations()),
		}, sent[1].Traits)
		b.segment.RequireReached(t, "Amplitude", 1)
		b.segment.RequireReached(t, "Facebook Pixel", 0)
	})
	t.Run("a user id in a cookie is not trusted", func(t *testing.T) {
		b := newBench()
		b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: known + "ajs_user_id=somebody"})
		for _, e := range b.sent(t) {
			require.Empty(t, e.UserID)
		}
	})
	t.Run("an id of the application's", func(t *testing.T) {
		b := newBench()
		b.Client, b.AnonymousID = b.client(), func(*http.Request) string { return "own" }
		b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: known})
		require.Len(t, b.sent(t), 2)
		require.Equal(t, "own", b.sent(t)[0].AnonymousID)
	})
	t.Run("without an id, only the update, each time under another", func(t *testing.T) {
		b := newBench()
		b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`})
		b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`})
		sent := b.sent(t)
		require.Len(t, sent, 2)
		require.NotEmpty(t, sent[0].AnonymousID)
		require.NotEqual(t, sent[0].AnonymousID, sent[1].AnonymousID)
		require.Equal(t, consent.UpdateEvent, sent[1].Event)
	})
	t.Run("a withdrawal sends the update alone", func(t *testing.T) {
		b := newBench()
		b.do(request{method: "POST", body: "answer=deny", form: true, cookies: known + held(t, everything)})
		sent := b.sent(t)
		require.Len(t, sent, 1)
		require.Equal(t, consent.UpdateEvent, sent[0].Event)
		require.Equal(t, "visitor-1", sent[0].AnonymousID)
		require.Equal(t, m{"advertising": false, "analytics": false, "functional": false}, sent[0].Context.Consent.CategoryPreferences)
	})
	t.Run("an answer by destination reports the categories", func(t *testing.T) {
		b := newBench()
		b.Expand = nil
		b.do(request{method: "POST", body: `{"destinations":{"Amplitude":true}}`, cookies: known})
		require.Empty(t, b.errs)
		sent := b.sent(t)
		require.Len(t, sent, 2)
		require.Equal(t, m{"advertising": false, "analytics": false, "functional": false}, sent[0].Context.Consent.CategoryPreferences)
		require.Equal(t, m{"Amplitude": true, "Actions Amplitude": true}, sent[1].Traits["destinationTrackingPreferences"])
	})
	t.Run("a signal counts on top", func(t *testing.T) {
		for name, signal := range map[string]middleware.Signal{"of one category": middleware.GPC("analytics", "advertising"), "of everything": middleware.GPC()} {
			b := newBench()
			b.Signals = []middleware.Signal{signal}
			w := b.do(request{method: "POST", body: "answer=accept", form: true, cookies: known, header: http.Header{"Sec-Gpc": {"1"}}})
			require.Equal(t, everything, saved(t, w), "what the visitor answered is kept")
			sent := b.sent(t)
			require.Len(t, sent, 1, name)
			require.Equal(t, consent.UpdateEvent, sent[0].Event)
			require.False(t, sent[0].Context.Consent.CategoryPreferences["analytics"])
			require.Empty(t, b.errs)
		}
	})
	t.Run("names of the visitor's own stay out of the traits", func(t *testing.T) {
		b := newBench()
		before := consent.NewState(m{"own": true}).WithDestinations(m{"Own": true, "Own 2": false})
		b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: known + held(t, before)})
		sent := b.sent(t)
		require.Len(t, sent, 2)
		require.NotContains(t, sent[1].Traits["customTrackingPreferences"], "own")
		require.NotContains(t, sent[1].Traits["destinationTrackingPreferences"], "Own")
		require.NotContains(t, sent[1].Traits["destinationTrackingPreferences"], "Own 2")
	})
	t.Run("a failure does not undo the answer", func(t *testing.T) {
		b := newBench()
		require.NoError(t, b.segment.Close())
		w := b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: known})
		require.True(t, saved(t, w).Category("analytics") == consent.Granted)
		require.Len(t, b.errs, 1, "of both messages")
		require.ErrorIs(t, b.errs[0], analytics.ErrClosed)
		b.Client = (*consent.Client)(nil)
		w = b.do(request{method: "POST", body: "answer=deny", form: true, cookies: known})
		require.True(t, saved(t, w).Category("analytics") == consent.Denied)
		require.ErrorIs(t, b.errs[1], consent.ErrNoClient)
		b.Client = nil
		b.do(request{method: "POST", body: "answer=deny", form: true, cookies: known})
		require.ErrorIs(t, b.errs[2], consent.ErrNoClient)
	})
}

func TestForgetIdentity(t *testing.T) {
	everything := sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true}))
	some := sitePolicy.Expand(consent.NewState(m{"advertising": false, "analytics": true, "functional": false}))
	for _, test := range []struct {
		rule   string
		before consent.State
		q      request
		gpc    string // category that the signal denies
		want   bool
	}{
		{"a withdrawal of everything", everything, request{method: "POST", body: "answer=deny", form: true}, "", true},
		{"a withdrawal of a category", everything, request{method: "POST", body: `{"categories":{"advertising":false}}`}, "", true},
		{"a withdrawal of a category without destinations", everything, request{method: "POST", body: `{"categories":{"functional":false}}`}, "", true},
		{"a withdrawal by name", everything, request{method: "POST", body: `{"destinations":{"Braze":false}}`}, "", true},
		{"the answer is forgotten", everything, request{method: "DELETE"}, "", true},
		{"a first denial", consent.NewState(nil), request{method: "POST", body: "answer=deny", form: true}, "", true},
		{"a first grant", consent.NewState(nil), request{method: "POST", body: `{"categories":{"analytics":true}}`}, "", false},
		{"a grant on top", some, request{method: "POST", body: `{"categories":{"advertising":true}}`}, "", false},
		{"the same again", everything, request{method: "POST", body: "answer=accept", form: true}, "", false},
		{"a withdrawal of what a signal had closed", everything, request{method: "POST", body: `{"categories":{"advertising":false}}`}, "advertising", false},
	} {
		t.Run(test.rule, func(t *testing.T) {
			for _, forget := range []bool{true, false} {
				b := newBench()
				b.ForgetIdentity = forget
				test.q.header = http.Header{}
				if test.gpc != "" {
					b.Signals = []middleware.Signal{middleware.GPC(test.gpc)}
					test.q.header.Set("Sec-GPC", "1")
				}
				test.q.cookies = "ajs_anonymous_id=old; ajs_user_id=u; "
				if test.before != consent.NewState(nil) {
					test.q.cookies += held(t, test.before)
				}
				w := b.do(test.q)
				expired := make(map[string]int)
				for _, c := range w.Result().Cookies() {
					if c.MaxAge < 0 && c.Name != cookie.DefaultName {
						expired[c.Name]++
					}
				}
				if !forget || !test.want {
					require.Empty(t, expired)
					continue
				}
				require.Equal(t, map[string]int{"ajs_anonymous_id": 2, "ajs_user_id": 2}, expired)
				require.Equal(t, "old", b.sent(t)[0].AnonymousID, "Segment is told under the old id")
			}
		})
	}
}

// A deaf teller is one that cannot say what an answer opens.
type deaf struct{}

func (deaf) Tell(consent.Answer) error { return nil }

// Whether an answer leaves anything open is for the router to say that the Client sends to.
func TestForgetIdentityGoesByTheRouterOfTheClient(t *testing.T) {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}, "archive": {"Amazon S3"},
	}})
	to := func(r consent.Router) *consent.Client {
		return consent.New(consent.Discard, policy, &consent.Options{Router: r})
	}
	gate := func(names ...string) consent.Router { return consent.Gate{Destinations: names} }
	both, err := routers.New(
		routers.Named{Name: "a", Client: to(gate("Facebook Pixel"))}, routers.Named{Name: "b", Client: to(gate("Amplitude"))},
	)
	require.NoError(t, err)
	neither, err := routers.New(
		routers.Named{Name: "a", Client: to(gate("Facebook Pixel"))}, routers.Named{Name: "b", Client: to(gate("Amazon S3"))},
	)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		client preferences.Teller
		answer string
		want   bool
	}{
		"Segment cannot stop S3":          {to(nil), `{"analytics":true}`, true},
		"nor for a teller of one's own":   {deaf{}, `{"analytics":true}`, true},
		"nor without a Client":            {nil, `{"analytics":true}`, true},
		"nor with a nil one":              {(*consent.Client)(nil), `{"analytics":true}`, true},
		"a teller of one's own, accepted": {deaf{}, `{"analytics":true,"advertising":true,"archive":true}`, false},
		"a router without S3":             {to(gate("Amplitude")), `{"analytics":true}`, false},
		"a router that is denied":         {to(gate("Facebook Pixel")), `{"analytics":true}`, true},
		"one of two routers is open":      {both, `{"analytics":true}`, false},
		"neither is":                      {neither, `{"analytics":true}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.Policy, b.Expand, b.ForgetIdentity, b.Client = policy, policy.Expand, true, test.client
			w := b.do(request{method: "POST", body: `{"categories":` + test.answer + `}`, cookies: "ajs_anonymous_id=old; "})
			forgotten := false
			for _, c := range w.Result().Cookies() {
				forgotten = forgotten || c.MaxAge < 0 && c.Name == "ajs_anonymous_id"
			}
			require.Equal(t, test.want, forgotten)
		})
	}
}

func TestAreSafeForConcurrentUse(t *testing.T) {
	var segment consenttest.Recorder
	handler := preferences.Handler{
		Policy: sitePolicy, Expand: sitePolicy.Expand, ForgetIdentity: true,
		Client:      consent.New(&segment, sitePolicy, nil),
		AnonymousID: func(r *http.Request) string { return r.Header.Get("Visitor") },
	}
	want := map[string]m{
		"accept": maps.Collect(sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true})).Destinations()),
		"deny":   maps.Collect(sitePolicy.Expand(consent.NewState(m{"advertising": false, "analytics": false, "functional": false})).Destinations()),
	}
	const visitors, each = 8, 20
	var wg sync.WaitGroup
	for i := range visitors {
		wg.Go(func() {
			for j := range each {
				answer := []string{"accept", "deny"}[(i+j)%2]
				r := httptest.NewRequest("POST", "/", strings.NewReader("answer="+answer))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Visitor", answer)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				s, err := cookie.Decode(w.Result().Cookies()[0].Value)
				if err != nil || !maps.Equal(want[answer], maps.Collect(s.Destinations())) {
					t.Errorf("%s gives %v, %v", answer, s, err)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, segment.Events(), visitors*each*3/2, "an update each, and traits for every other")
	for _, e := range segment.Events() {
		var w wire
		require.NoError(t, json.Unmarshal(e.JSON, &w))
		require.Equal(t, w.AnonymousID == "accept", w.Context.Consent.CategoryPreferences["analytics"])
	}
}
