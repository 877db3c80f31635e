package middleware_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

type m = map[string]bool

var sitePolicy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{
		"advertising": {"Facebook Pixel", "Braze"},
		"analytics":   {"Amplitude", "Braze"},
		"functional":  nil,
	},
	Always:  []string{"Webhooks"},
	Aliases: map[string][]string{"Amplitude": {"Actions Amplitude"}},
})

// A bench is a handler of preferences, with what it sent and what it reported.
type bench struct {
	middleware.Preferences
	segment consenttest.Recorder
	mu      sync.Mutex // the handler may run on other goroutines
	errs    []error
}

func newBench() *bench {
	b := new(bench)
	b.Preferences = middleware.Preferences{
		Policy: sitePolicy,
		Client: consent.New(&b.segment, sitePolicy, nil),
		Expand: sitePolicy.Expand,
		OnError: func(_ *http.Request, err error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.errs = append(b.errs, err)
		},
	}
	return b
}

// A request is what a test sends; the body of a POST is JSON unless form is set.
type request struct {
	method, body string
	form         bool
	cookies      string
	header       http.Header
}

func (b *bench) do(q request) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.method, "https://shop.example.com/preferences", strings.NewReader(q.body))
	switch {
	case q.form:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case q.body != "":
		r.Header.Set("Content-Type", "application/json")
	}
	if q.cookies != "" {
		r.Header.Set("Cookie", q.cookies)
	}
	maps.Copy(r.Header, q.header)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// held is the Cookie header of a visitor who answered s.
func held(t testing.TB, s consent.State) string {
	t.Helper()
	value, err := cookie.Encode(s)
	require.NoError(t, err)
	return cookie.DefaultName + "=" + value
}

// saved is the answer that the response sets.
func saved(t testing.TB, w *httptest.ResponseRecorder) consent.State {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == cookie.DefaultName && c.MaxAge >= 0 {
			s, err := cookie.Decode(c.Value)
			require.NoError(t, err)
			return s
		}
	}
	require.Fail(t, "no answer is set", "%d %s", w.Code, w.Body)
	return consent.State{}
}

type shown struct {
	Decided                  bool
	Categories, Destinations m
	Verdicts                 []struct {
		Destination, AliasOf, Reason, Cause string
		Allowed                             bool
	}
}

func (s shown) allowed() m {
	allowed := make(m)
	for _, v := range s.Verdicts {
		allowed[v.Destination] = v.Allowed
	}
	return allowed
}

func show(t testing.TB, w *httptest.ResponseRecorder) (s shown) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
	return s
}

// A wire is the part of a message that the tests look at.
type wire struct {
	Type, Event         string
	AnonymousID, UserID string
	Traits              map[string]m
	Integrations        map[string]any
	Context             struct {
		Consent struct{ CategoryPreferences, DestinationPreferences m }
	}
}

func (b *bench) sent(t testing.TB) (list []wire) {
	t.Helper()
	for _, e := range b.segment.Events() {
		var w wire
		require.NoError(t, json.Unmarshal(e.JSON, &w))
		list = append(list, w)
	}
	return list
}

func TestPreferencesShow(t *testing.T) {
	accepted := consent.NewState(m{"advertising": false, "analytics": true}).WithDestinations(m{"Amplitude": true})
	for _, test := range []struct {
		name, cookies string
		gpc           bool
		decided       bool
		categories    m
		destinations  m
		allowed       []string
		errs          int
	}{
		{"no answer", "", false, false, m{}, m{}, nil, 0},
		{"an answer", held(t, accepted), false, true, m{"advertising": false, "analytics": true}, m{"Amplitude": true}, []string{"Amplitude", "Actions Amplitude"}, 0},
		{"an answer, and a signal", held(t, accepted), true, true, m{"advertising": false, "analytics": true}, m{"Amplitude": true}, nil, 0},
		{"an answer that cannot be read", cookie.DefaultName + "=yes", false, false, m{}, m{}, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench()
			b.Signals = []middleware.Signal{middleware.GPC("analytics")}
			q := request{method: "GET", cookies: test.cookies}
			if test.gpc {
				q.header = http.Header{"Sec-Gpc": {"1"}}
			}
			w := b.do(q)
			got := show(t, w)
			require.Equal(t, test.decided, got.Decided)
			require.Equal(t, test.categories, got.Categories)
			require.Equal(t, test.destinations, got.Destinations)
			want := m{"Amplitude": false, "Actions Amplitude": false, "Braze": false, "Facebook Pixel": false, "Webhooks": true}
			for _, name := range test.allowed {
				want[name] = true
			}
			require.Equal(t, want, got.allowed())
			require.Len(t, b.errs, test.errs)
			require.Empty(t, b.segment.Events())
			require.Empty(t, w.Header()["Set-Cookie"])
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.Equal(t, []string{"Cookie", "Sec-GPC"}, w.Header().Values("Vary"))

			q.method = "HEAD"
			head := b.do(q)
			require.Equal(t, http.StatusOK, head.Code)
			require.Equal(t, w.Header(), head.Header())
			require.Empty(t, head.Body.Bytes())
		})
	}
}

// Each answer starts from what the cookie holds.
func TestPreferencesAnswer(t *testing.T) {
	everything := sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true}))
	nothing := sitePolicy.Expand(consent.NewState(m{"advertising": false, "analytics": false, "functional": false}))
	expanded := func(advertising, analytics, functional bool) consent.State {
		return sitePolicy.Expand(consent.NewState(m{"advertising": advertising, "analytics": analytics, "functional": functional}))
	}
	with := func(s consent.State, more m) consent.State {
		all := maps.Collect(s.Destinations())
		maps.Copy(all, more)
		return s.WithDestinations(all)
	}
	for _, test := range []struct {
		rule    string
		before  consent.State
		body    string
		form    bool
		want    consent.State
		literal bool // without Expand
	}{
		{rule: "JSON by category", body: `{"categories":{"advertising":true,"analytics":false,"functional":true}}`, want: expanded(true, false, true)},
		{rule: "JSON leaves the other categories as they were", before: everything, body: `{"categories":{"advertising":false}}`, want: expanded(false, true, true)},
		{rule: "JSON leaves categories unanswered", body: `{"categories":{"advertising":true}}`,
			want: sitePolicy.Expand(consent.NewState(m{"advertising": true}))},
		{rule: "a denial by name counts beside a grant of the category, under each name", body: `{"categories":{"advertising":true,"analytics":true,"functional":true},"destinations":{"Actions Amplitude":false}}`,
			want: with(everything, m{"Amplitude": false, "Actions Amplitude": false})},
		{rule: "a denial under any name counts", body: `{"categories":{"advertising":true,"analytics":true,"functional":true},"destinations":{"Actions Amplitude":true,"Amplitude":false}}`,
			want: with(everything, m{"Amplitude": false, "Actions Amplitude": false})},
		{rule: "a grant by name does not undo a denied category", before: nothing, body: `{"destinations":{"Amplitude":true}}`, want: nothing},
		{rule: "not even where another category is granted", before: expanded(true, false, true), body: `{"destinations":{"Amplitude":true}}`, want: expanded(true, false, true)},
		{rule: "a denial by name withdraws", before: everything, body: `{"destinations":{"Braze":false}}`, want: with(everything, m{"Braze": false})},
		{rule: "a grant by name undoes a denial by name", before: with(everything, m{"Amplitude": false, "Actions Amplitude": false}),
			body: `{"destinations":{"Amplitude":true}}`, want: everything},
		{rule: "an answer about something else leaves a denial by name", before: with(everything, m{"Braze": false}),
			body: `{"categories":{"functional":false}}`, want: with(expanded(true, true, false), m{"Braze": false})},
		{rule: "an answer about something else opens nothing new", before: expanded(true, true, true).WithDestinations(m{"Facebook Pixel": true, "Webhooks": true}),
			body: `{"categories":{"functional":false}}`, want: expanded(true, true, false).WithDestinations(m{"Facebook Pixel": true, "Webhooks": true})},
		{rule: "a new answer for the category opens what it closed", before: nothing, body: `{"categories":{"analytics":true}}`, want: expanded(false, true, false)},
		{rule: "an answer for every category replaces a denial by name", before: with(everything, m{"Braze": false}),
			body: `{"categories":{"advertising":true,"analytics":true,"functional":true}}`, want: everything},
		{rule: "other names in the cookie stay", before: consent.NewState(m{"old": true}).WithDestinations(m{"Hotjar": true}),
			body: `{"categories":{"analytics":true}}`, want: with(sitePolicy.Expand(consent.NewState(m{"old": true, "analytics": true})), m{"Hotjar": true})},
		{rule: "other names in the cookie can be answered", before: consent.NewState(m{"old": true}).WithDestinations(m{"Hotjar": true}),
			body: `{"categories":{"old":false},"destinations":{"Hotjar":false}}`,
			want: with(sitePolicy.Expand(consent.NewState(m{"old": false})), m{"Hotjar": false})},
		{rule: "a denial of everything closes them", before: consent.NewState(m{"old": true}).WithDestinations(m{"Hotjar": true}),
			body: "answer=deny", form: true, want: with(nothing, m{"Hotjar": false}).Restrict(consent.NewState(m{"old": false}))},

		{rule: "a form, with what is not ticked", before: everything, body: "category.analytics=on", form: true, want: expanded(false, true, false)},
		{rule: "a form of choices", body: "category.analytics=true&category.advertising=false&category.functional=false&destination.Braze=false", form: true, want: expanded(false, true, false)},
		{rule: "a form that accepts", before: nothing, body: "answer=accept&redirect=/", form: true, want: everything},
		{rule: "a form that denies", before: everything, body: "answer=deny", form: true, want: nothing},
		{rule: "a form with nothing ticked", before: everything, body: "answer=save", form: true, want: nothing},
		{rule: "a form of one button and one box", body: "answer=save&category.advertising=on", form: true, want: expanded(true, false, false)},

		{rule: "without Expand, categories alone", body: `{"categories":{"analytics":true}}`, literal: true, want: consent.NewState(m{"analytics": true})},
		{rule: "without Expand, destinations stay", literal: true, before: consent.NewState(m{"analytics": true}).WithDestinations(m{"Amplitude": true, "Hotjar": false}),
			body: `{"categories":{"advertising":true}}`, want: consent.NewState(m{"analytics": true, "advertising": true}).WithDestinations(m{"Amplitude": true, "Hotjar": false})},
		{rule: "without Expand, an answer by name goes under each name", literal: true,
			body: `{"destinations":{"Amplitude":true}}`, want: consent.State{}.WithDestinations(m{"Amplitude": true, "Actions Amplitude": true})},
		{rule: "without Expand, a denial of everything closes every name", literal: true, before: consent.NewState(m{"analytics": true}).WithDestinations(m{"Amplitude": true, "Hotjar": true}),
			body: "answer=deny", form: true, want: consent.NewState(m{"analytics": false, "advertising": false, "functional": false}).WithDestinations(m{"Amplitude": false, "Hotjar": false})},
	} {
		t.Run(test.rule, func(t *testing.T) {
			b := newBench()
			if test.literal {
				b.Expand = nil
			}
			q := request{method: "POST", body: test.body, form: test.form}
			if !test.before.IsZero() {
				q.cookies = held(t, test.before)
			}
			w := b.do(q)
			require.Equal(t, test.want.String(), saved(t, w).String())
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.Empty(t, b.errs)
			if test.form {
				require.Equal(t, http.StatusSeeOther, w.Code)
				return
			}
			got := show(t, w)
			require.True(t, got.Decided)
			require.Equal(t, maps.Collect(test.want.Categories()), got.Categories)
			require.Equal(t, maps.Collect(test.want.Destinations()), got.Destinations)

			q.method = "PUT"
			require.Equal(t, w.Body.String(), b.do(q).Body.String())
		})
	}
}

// Under opt-out law, what is unanswered is open.
func TestPreferencesOverAnAnswerThatCannotBeRead(t *testing.T) {
	b := newBench()
	w := b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: cookie.DefaultName + "={"})
	require.Equal(t, sitePolicy.Expand(consent.NewState(m{"analytics": true, "advertising": false, "functional": false})), saved(t, w))
	require.Len(t, b.errs, 1)
	require.ErrorIs(t, b.errs[0], cookie.ErrMalformed)
}

// A page may have set the cookie for its host alone, beside that of the domain.
func TestPreferencesLeaveOneCopyOfTheCookie(t *testing.T) {
	b := newBench()
	w := b.do(request{method: "POST", body: "answer=deny", form: true, cookies: held(t, consent.NewState(m{"analytics": true}))})
	set := w.Result().Cookies()
	require.Len(t, set, 3)
	require.Equal(t, []string{"example.com", "", "example.com"}, []string{set[0].Domain, set[1].Domain, set[2].Domain})
	require.Negative(t, set[0].MaxAge)
	require.Negative(t, set[1].MaxAge)
	require.Positive(t, set[2].MaxAge)

	w = b.do(request{method: "POST", body: "answer=deny", form: true})
	require.Len(t, w.Result().Cookies(), 1, "there is nothing to replace")
}

func TestPreferencesTellSegment(t *testing.T) {
	const known = "ajs_anonymous_id=visitor-1; "
	everything := sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true}))
	t.Run("the update first, then the traits", func(t *testing.T) {
		b := newBench()
		b.UserID = func(*http.Request) string { return "user-1" }
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
	t.Run("a user id in a cookie is nobody's word", func(t *testing.T) {
		b := newBench()
		b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: known + "ajs_user_id=somebody"})
		for _, e := range b.sent(t) {
			require.Empty(t, e.UserID)
		}
	})
	t.Run("an id of the application's", func(t *testing.T) {
		b := newBench()
		b.AnonymousID = func(*http.Request) string { return "own" }
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
		require.Len(t, b.errs, 2)
		for _, err := range b.errs {
			require.ErrorIs(t, err, analytics.ErrClosed)
		}
		b.Client = nil
		w = b.do(request{method: "POST", body: "answer=deny", form: true, cookies: known})
		require.True(t, saved(t, w).Category("analytics") == consent.Denied)
		require.ErrorIs(t, b.errs[2], consent.ErrNoClient)
	})
}

func TestPreferencesDelete(t *testing.T) {
	everything := sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true}))
	for _, test := range []struct {
		name, cookies string
		events        int
	}{
		{"an answer", held(t, everything), 1},
		{"no answer", "", 0},
		{"an answer that cannot be read", cookie.DefaultName + "=x", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench()
			w := b.do(request{method: "DELETE", cookies: "ajs_anonymous_id=v; " + test.cookies})
			require.Equal(t, shown{Categories: m{}, Destinations: m{}}.Decided, show(t, w).Decided)
			for _, c := range w.Result().Cookies() {
				require.Equal(t, cookie.DefaultName, c.Name)
				require.Negative(t, c.MaxAge)
			}
			require.Len(t, w.Result().Cookies(), 2, "of the host and of its domain")
			sent := b.sent(t)
			require.Len(t, sent, test.events)
			for _, e := range sent {
				require.Equal(t, consent.UpdateEvent, e.Event)
				require.Equal(t, m{"advertising": false, "analytics": false, "functional": false}, e.Context.Consent.CategoryPreferences)
			}
		})
	}
}

func TestPreferencesDeleteUnderAnOptOutPolicy(t *testing.T) {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, OptOut: true})
	b := newBench()
	b.Policy, b.Client = policy, consent.New(&b.segment, policy, nil)
	b.do(request{method: "DELETE", cookies: "ajs_anonymous_id=v; " + held(t, consent.NewState(m{"analytics": false}))})
	sent := b.sent(t)
	require.Len(t, sent, 1, "there is no answer to identify the visitor with")
	require.Equal(t, consent.UpdateEvent, sent[0].Event)
	require.Equal(t, m{"analytics": true}, sent[0].Context.Consent.CategoryPreferences)
	require.Empty(t, b.errs)
}

func TestPreferencesForgetIdentity(t *testing.T) {
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
		{"a first denial", consent.State{}, request{method: "POST", body: "answer=deny", form: true}, "", true},
		{"a first grant", consent.State{}, request{method: "POST", body: `{"categories":{"analytics":true}}`}, "", false},
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
				if !test.before.IsZero() {
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

func TestPreferencesRedirect(t *testing.T) {
	for _, test := range []struct {
		rule, field, referer, want string
	}{
		{"to the field", "/account?tab=privacy#top", "https://shop.example.com/other", "/account?tab=privacy#top"},
		{"as the field has it", "/a//b/../c/%2F", "", "/a//b/../c/%2F"},
		{"to the page of the form", "", "https://shop.example.com/a%20b?c=d%0A#e", "/a%20b?c=d%0A"},
		{"to the page of the form, by TLS that ends elsewhere", "", "http://shop.example.com/a", "/a"},
		{"to the start page", "", "", "/"},
		{"not to another host", "", "https://evil.example/a", "/"},
		{"not to another port", "", "https://shop.example.com:8443/a", "/"},
		{"not to a user's host", "", "https://shop.example.com@evil.example/", "/"},
		{"not to another scheme", "", "javascript://shop.example.com/%0Aalert(1)", "/"},
		{"not to a host in the path", "", "https://shop.example.com//evil.example", "/"},
		{"not to what browsers take for one", "", "https://shop.example.com/\\evil.example", "/%5Cevil.example"},
		{"not without a path", "", "https://shop.example.com", "/"},
		{"not to a referer that is no URL", "", "https://shop.example.com/%zz", "/"},
		{"not to too long a path", "", "https://shop.example.com/" + strings.Repeat("a", 3000), "/"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			form := url.Values{"answer": {"deny"}}
			if test.field != "" {
				form.Set("redirect", test.field)
			}
			q := request{method: "POST", body: form.Encode(), form: true, header: http.Header{}}
			if test.referer != "" {
				q.header.Set("Referer", test.referer)
			}
			w := newBench().do(q)
			require.Equal(t, http.StatusSeeOther, w.Code)
			require.Equal(t, test.want, w.Header().Get("Location"))
		})
	}
}

func TestZeroPreferencesTakeNoAnswer(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"} {
		r := httptest.NewRequest(method, "/", strings.NewReader(`{"categories":{"analytics":true}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", held(t, consent.NewState(m{"analytics": true})))
		w := httptest.NewRecorder()
		middleware.Preferences{}.ServeHTTP(w, r)
		want := map[string]int{"GET": 200, "HEAD": 200, "PATCH": 405}[method]
		if want == 0 {
			want = http.StatusInternalServerError
		}
		require.Equal(t, want, w.Code, method)
		require.Empty(t, w.Header()["Set-Cookie"])
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		if method == "GET" {
			got := show(t, w)
			require.Equal(t, m{"analytics": true}, got.Categories)
			require.Empty(t, got.Verdicts)
		}
	}
}

func TestPreferencesReportAConfigurationThatCannotWork(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*bench)
		want   error
		status int
	}{
		"no policy":         {func(b *bench) { b.Policy = nil }, middleware.ErrNoPolicy, 500},
		"a nil policy":      {func(b *bench) { b.Policy = (*destinations.Policy)(nil) }, middleware.ErrNoPolicy, 500},
		"a nil signal":      {func(b *bench) { b.Signals = []middleware.Signal{nil} }, middleware.ErrNoSignal, 500},
		"a bad cookie":      {func(b *bench) { b.Codec.Template.Path = "a;b" }, cookie.ErrNotEncodable, 422},
		"a State of no use": {func(b *bench) { b.Expand = func(consent.State) consent.State { return consent.All(consent.Granted) } }, cookie.ErrNotEncodable, 422},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.ForgetIdentity = true
			test.change(b)
			w := b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`})
			require.Equal(t, test.status, w.Code)
			require.Len(t, b.errs, 1)
			require.ErrorIs(t, b.errs[0], test.want)
			require.Empty(t, b.segment.Events())
			require.Empty(t, w.Header()["Set-Cookie"])
		})
	}
}

// A browser answers, withdraws and forgets, over a real connection.
func TestPreferencesInABrowser(t *testing.T) {
	var segment consenttest.Recorder
	client := consent.New(&segment, sitePolicy, nil)
	var mu sync.Mutex
	var errs []error
	onError := func(_ *http.Request, err error) {
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/preferences", middleware.Preferences{
		Policy: sitePolicy, Client: client, Expand: sitePolicy.Expand, ForgetIdentity: true, OnError: onError,
		Signals: []middleware.Signal{middleware.GPC("advertising")},
	})
	read := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}, OnError: onError})
	mux.Handle("POST /buy", read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := client.For(r.Context()).Enqueue(analytics.Track{AnonymousId: "v", Event: "Order Completed"}); err != nil {
			onError(r, err)
		}
	})))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "home") })
	server := httptest.NewServer(mux)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	base, err := url.Parse(server.URL)
	require.NoError(t, err)
	jar.SetCookies(base, []*http.Cookie{{Name: "ajs_anonymous_id", Value: "v1", Path: "/"}})
	browser := &http.Client{Jar: jar}
	do := func(method, path, kind, body string) (int, string) {
		r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", server.URL)
		response, err := browser.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	const form = "application/x-www-form-urlencoded"

	do("POST", "/buy", form, "")
	segment.RequireReached(t, "Amplitude", 0)
	status, body := do("POST", "/preferences", form, "answer=accept&redirect=/")
	require.Equal(t, 200, status)
	require.Equal(t, "home", body)
	do("POST", "/buy", form, "")
	segment.RequireReached(t, "Amplitude", 2) // the traits, and the order
	require.Len(t, jar.Cookies(base), 2)

	status, _ = do("PUT", "/preferences", "application/json", `{"categories":{"analytics":false,"advertising":false,"functional":false}}`)
	require.Equal(t, 200, status)
	do("POST", "/buy", form, "")
	segment.RequireReached(t, "Amplitude", 2) // no more than before
	require.Len(t, jar.Cookies(base), 1, "the id is gone")
	_, body = do("GET", "/preferences", "", "")
	require.Contains(t, body, `"decided":true`)

	status, _ = do("DELETE", "/preferences", "", "")
	require.Equal(t, 200, status)
	require.Empty(t, jar.Cookies(base))
	_, body = do("GET", "/preferences", "", "")
	require.Contains(t, body, `"decided":false`)

	updates := 0
	for _, e := range segment.Events() {
		if track, ok := e.Message.(analytics.Track); ok && track.Event == consent.UpdateEvent {
			updates++
		}
	}
	require.Equal(t, 3, updates)
	mu.Lock()
	defer mu.Unlock()
	require.NoError(t, errors.Join(errs...))
}

func TestPreferencesAreSafeForConcurrentUse(t *testing.T) {
	var segment consenttest.Recorder
	handler := middleware.Preferences{
		Policy: sitePolicy, Client: consent.New(&segment, sitePolicy, nil), Expand: sitePolicy.Expand,
		AnonymousID: func(r *http.Request) string { return r.Header.Get("Visitor") }, ForgetIdentity: true,
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
