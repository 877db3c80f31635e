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

// A bench is a Handler, with what it sent and what it reported.
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
		Client: b.client(),
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

// sentBack is the Cookie header that a browser sends after it got the response.
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
