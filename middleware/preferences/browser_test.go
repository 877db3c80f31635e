package preferences_test

import (
	"errors"
	"io"
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
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
)

// A browser answers, withdraws and deletes its answer over a real connection.
func TestInABrowser(t *testing.T) {
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
	mux.Handle("/preferences", preferences.Handler{
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
	for _, c := range jar.Cookies(base) {
		require.Contains(t, c.Name, cookie.DefaultName, "the id is gone")
	}
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
