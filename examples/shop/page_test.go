package main

import (
	"html"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
)

func TestPageShowsWhatSegmentReceived(t *testing.T) {
	v := visit(t)
	v.post("/consent", "functional", "true")
	v.post("/signup")
	page := html.UnescapeString(v.get("/"))
	require.Contains(t, page, "JSON as Segment received it")
	require.Contains(t, page, `"email": "robin@example.com"`)
	require.Contains(t, page, "\"categoryPreferences\": {\n        \"advertising\": false,")
	require.Contains(t, page, `name="functional" value="true" aria-describedby="functional-purpose functional-status" checked>`)
	require.Contains(t, page, `name="advertising" value="true" aria-describedby="advertising-purpose advertising-status">`)
	require.NotContains(t, page, "<script")
}

func TestPageShowsWithheldEvents(t *testing.T) {
	c := startTestCollector(t)
	config := destinations.Config{Categories: policyConfig().Categories} // nothing is strictly necessary
	v := visitWith(t, config, c.writeKey, c.config(), c)
	page := v.get("/")
	require.Contains(t, page, "Withheld, it never left the shop: no destination may see it.")
	sent, _ := v.delivered()
	require.Zero(t, sent)
}

func TestLiveShopShowsDecisions(t *testing.T) {
	arrived := make(chan string, 10)
	segment := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _, _ := r.BasicAuth()
		arrived <- key + " " + r.URL.Path
	}))
	defer segment.Close()
	v := visitWith(t, policyConfig(), "key", analytics.Config{Endpoint: segment.URL, BatchSize: 1}, nil)
	v.post("/consent", "functional", "true")
	page := v.get("/")
	require.Equal(t, "key /v1/batch", <-arrived)
	require.Contains(t, page, "The events go to Segment")
	require.Contains(t, page, "allowed to 2 of 8")
	require.Contains(t, page, "<strong>allowed</strong>")
	require.NotContains(t, page, "<strong>delivered</strong>")
	require.NotContains(t, page, "JSON as Segment received it")
	status, _ := v.do(http.MethodGet, "/deliveries", nil)
	require.Equal(t, http.StatusNotFound, status)
}

func TestPageIsOnesOwn(t *testing.T) {
	v := visit(t)
	response, err := v.browser.Get(v.url)
	require.NoError(t, err)
	response.Body.Close()
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	require.Contains(t, v.get("/style.css"), "prefers-color-scheme: dark")
}
