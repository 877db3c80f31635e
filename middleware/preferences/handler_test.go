package preferences_test

import (
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
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
	preferences.Handler
	segment consenttest.Recorder
	mu      sync.Mutex // the handler may run on other goroutines
	errs    []error
}

func newBench() *bench {
	b := new(bench)
	b.Handler = preferences.Handler{
		Policy: sitePolicy,
		Router: preferences.Segment{Client: b.client()},
		Expand: sitePolicy.Expand,
		OnError: func(_ *http.Request, err error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.errs = append(b.errs, err)
		},
	}
	return b
}

func (b *bench) client() *consent.Client { return consent.New(&b.segment, sitePolicy, nil) }

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

// sentBack is the Cookie header of a browser that got the response.
func sentBack(w *httptest.ResponseRecorder) string {
	var pairs []string
	for _, c := range w.Result().Cookies() {
		if c.MaxAge > 0 {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	return strings.Join(pairs, "; ")
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
	return consent.NewState(nil)
}

func collect(answers iter.Seq2[string, bool]) m { return maps.Collect(answers) }

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
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

func TestShow(t *testing.T) {
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

// Under opt-out law, what is unanswered is open.

// A page may have set the cookie for its host alone, beside that of the domain.

func TestZeroHandlerTakesNoAnswer(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"} {
		r := httptest.NewRequest(method, "/", strings.NewReader(`{"categories":{"analytics":true}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", held(t, consent.NewState(m{"analytics": true})))
		w := httptest.NewRecorder()
		preferences.Handler{}.ServeHTTP(w, r)
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

func TestReportAConfigurationThatCannotWork(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*bench)
		want   error
		status int
	}{
		"no policy":         {func(b *bench) { b.Policy = nil }, preferences.ErrNoPolicy, 500},
		"a nil policy":      {func(b *bench) { b.Policy = (*destinations.Policy)(nil) }, preferences.ErrNoPolicy, 500},
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
