package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

const page = "https://www.example.com"

// send is a request that a browser makes for a page of the origin.
func send(t *testing.T, segment *consenttest.Recorder, origin, method, body string, header http.Header) *http.Response {
	t.Helper()
	h, err := endpoint(consent.New(segment, policy, nil), page)
	require.NoError(t, err)
	r := httptest.NewRequest(method, "https://api.example.com/preferences", strings.NewReader(body))
	r.Header = header
	r.Header.Set("Origin", origin)
	r.Header.Set("Sec-Fetch-Site", "same-site")
	if origin != page {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestPageOfAnotherHost(t *testing.T) {
	var segment consenttest.Recorder
	preflight := send(t, &segment, page, "OPTIONS", "", http.Header{
		"Access-Control-Request-Method":  {"PUT"},
		"Access-Control-Request-Headers": {"content-type"},
	})
	require.Equal(t, http.StatusNoContent, preflight.StatusCode)
	require.Equal(t, page, preflight.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "PUT", preflight.Header.Get("Access-Control-Allow-Methods"))
	require.Equal(t, "content-type", preflight.Header.Get("Access-Control-Allow-Headers"))
	require.Equal(t, "true", preflight.Header.Get("Access-Control-Allow-Credentials"))
	require.Empty(t, preflight.Cookies())

	answer := send(t, &segment, page, "PUT", `{"categories":{"analytics":true,"advertising":false}}`, http.Header{
		"Content-Type": {"application/json"}, "Cookie": {"ajs_anonymous_id=v-1"},
	})
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, page, answer.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", answer.Header.Get("Access-Control-Allow-Credentials"))
	require.Subset(t, answer.Header.Values("Vary"), []string{"Origin", "Cookie", "Sec-GPC"})
	require.Equal(t, "example.com", answer.Cookies()[0].Domain, "which the page reads, too")
	require.Len(t, segment.Events(), 2, "Segment is told")
}

// A form, or a beacon with plain text, is sent without a preflight.
func TestAnotherSite(t *testing.T) {
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded": "answer=accept",
		"text/plain":                        `{"categories":{"advertising":true}}`,
	} {
		var segment consenttest.Recorder
		w := send(t, &segment, "https://evil.example", "POST", body, http.Header{"Content-Type": {kind}})
		require.Equal(t, http.StatusForbidden, w.StatusCode)
		require.Empty(t, w.Header.Get("Access-Control-Allow-Origin"))
		require.Empty(t, w.Cookies())
		require.Empty(t, segment.Events())
	}
}
