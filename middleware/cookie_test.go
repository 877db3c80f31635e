package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

// From end to end: a form saves the answer in the browser, and the server reads it in the next
// requests.
func TestCookieReachesNextServer(t *testing.T) {
	var mu sync.Mutex // the handlers run on other goroutines
	var failures []error
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC("advertising")},
		OnError: func(_ *http.Request, err error) {
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, err)
		},
	})
	mux := http.NewServeMux()
	mux.Handle("GET /", showState)
	mux.Handle("GET /ads", middleware.Require("advertising")(showState))
	mux.HandleFunc("POST /consent", func(w http.ResponseWriter, r *http.Request) {
		if err := (cookie.Codec{}).Write(w, r, answer("+advertising", "+functional", "-marketingAndAnalytics")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	server := httptest.NewServer(read(mux))
	defer server.Close()
	addr := server.Listener.Addr()

	response, err := http.Post(server.URL+"/consent", "", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	saved, _, _ := strings.Cut(response.Header.Get("Set-Cookie"), ";")
	accepted := answer("+advertising", "+functional", "-marketingAndAnalytics")

	for _, test := range []struct {
		name, path string
		lines      []string
		status     int
		state      consent.State
		failures   int
	}{
		{"no cookie", "/", nil, 200, consent.NewState(nil), 0},
		{"another cookie", "/", []string{"Cookie: session=1"}, 200, consent.NewState(nil), 0},
		{"the cookie that was set", "/", []string{"Cookie: session=1; " + saved}, 200, accepted, 0},
		{"the cookie allows what it grants", "/ads", []string{"Cookie: " + saved}, 200, accepted, 0},
		{"the signal closes what the cookie grants", "/", []string{"Cookie: " + saved, "Sec-GPC: 1"}, 200,
			accepted.Restrict(answer("-advertising")), 0},
		{"a malformed cookie", "/", []string{"Cookie: tracking-preferences=yes"}, 200, denied, 1},
		{"a malformed copy", "/", []string{"Cookie: " + saved + "; tracking-preferences={"}, 200, denied, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := get(t, addr, test.path, test.lines)
			mu.Lock()
			defer mu.Unlock()
			reported := failures
			failures = nil
			require.Equal(t, test.status, status)
			require.Equal(t, test.state.String(), body)
			require.Len(t, reported, test.failures)
			for _, err := range reported {
				require.ErrorIs(t, err, cookie.ErrMalformed)
			}
		})
	}
	for name, header := range map[string][]string{
		"no cookie":  nil,
		"the signal": {"Cookie: " + saved, "Sec-GPC: 1"},
		"malformed":  {"Cookie: tracking-preferences=yes"},
	} {
		t.Run("required: "+name, func(t *testing.T) {
			status, _ := get(t, addr, "/ads", header)
			require.Equal(t, http.StatusForbidden, status)
		})
	}
}

// A header far larger than a server accepts by default.
func TestHugeCookieHeaderIsDenied(t *testing.T) {
	r := serverRequest("Cookie", "tracking-preferences="+strings.Repeat("x", 20<<20))
	state, err := middleware.Read(r, middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Default: defaults(granted),
	})
	require.Equal(t, denied, state)
	require.ErrorIs(t, err, cookie.ErrMalformed)
	require.Less(t, len(err.Error()), 200)
}
