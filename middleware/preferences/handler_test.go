package preferences_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
)

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

func TestInvalidConfigurationIsReported(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*bench)
		want   error
		status int
	}{
		"no policy":         {func(b *bench) { b.Policy = nil }, preferences.ErrNoPolicy, 500},
		"a nil policy":      {func(b *bench) { b.Policy = (*destinations.Policy)(nil) }, preferences.ErrNoPolicy, 500},
		"a nil signal":      {func(b *bench) { b.Signals = []middleware.Signal{nil} }, middleware.ErrNoSignal, 500},
		"a bad cookie":      {func(b *bench) { b.Codec = cookie.Codec{Template: http.Cookie{Path: "a;b"}} }, cookie.ErrNotEncodable, 422},
		"no cookie to keep": {func(b *bench) { b.Codec = cookie.Codec{Template: http.Cookie{Name: "__Host-p", Path: "/shop"}} }, cookie.ErrNotEncodable, 422},
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

// Presumed grants are not the visitor's answer.
func TestPresumedGrantsAreNotWritten(t *testing.T) {
	b := newBench()
	b.Expand = func(s consent.State) consent.State {
		return s.WithDestinations(m{"Amplitude": false}).Or(consent.NewState(m{"advertising": true}).Presume())
	}
	w := b.do(request{method: "POST", body: `{"categories":{"analytics":false}}`})
	want := consent.NewState(m{"analytics": false}).WithDestinations(m{"Amplitude": false})
	require.Equal(t, want, saved(t, w))
	require.Equal(t, m{"analytics": false}, show(t, w).Categories)
	require.Empty(t, b.errs)
}

func TestOnAnswer(t *testing.T) {
	b := newBench()
	var told [][2]consent.State
	b.OnAnswer = func(_ *http.Request, held, given consent.State) {
		require.Len(t, b.segment.Events(), 2*len(told)+2, "the answer stands, and Segment was told")
		told = append(told, [2]consent.State{held, given})
	}
	none := consent.NewState(nil)
	first := consent.NewState(m{"analytics": true})
	id := "ajs_anonymous_id=v; "
	b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: id})
	b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: id + held(t, first)})
	b.do(request{method: "POST", body: `{"categories":{"SECRET":true}}`, cookies: id})
	b.do(request{method: "DELETE", cookies: id})
	b.do(request{method: "GET", cookies: id + held(t, first)})
	require.Equal(t, [][2]consent.State{{none, sitePolicy.Expand(first)}, {first, sitePolicy.Expand(first)}}, told)
	b.OnAnswer = func(_ *http.Request, held, given consent.State) { told = append(told, [2]consent.State{held, given}) }
	b.do(request{method: "DELETE", cookies: held(t, first)})
	b.do(request{method: "DELETE", cookies: cookie.DefaultName + "=unreadable"})
	require.Equal(t, [][2]consent.State{{first, none}, {consent.All(consent.Denied), none}}, told[2:])
}
