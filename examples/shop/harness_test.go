package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
)

// A visitor is a browser at a shop of its own.
type visitor struct {
	t       *testing.T
	shop    *shop
	url     string
	browser *http.Client
	header  http.Header // sent with every request
}

// visit opens a shop with a collector behind it. Its browser keeps cookies, and
// does not follow redirects, so that each request is one event at most.
func visit(t *testing.T) *visitor {
	t.Helper()
	c := startTestCollector(t)
	return visitWith(t, policyConfig(), c.writeKey, c.config(), c)
}

func visitWith(t *testing.T, config destinations.Config, writeKey string, segment analytics.Config, c *collector) *visitor {
	t.Helper()
	s, err := newShop(config, writeKey, segment, c, log.New(io.Discard, "", 0))
	require.NoError(t, err)
	server := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		server.Close()
		s.client.Close()
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &visitor{t, s, server.URL, &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, http.Header{}}
}

func (v *visitor) do(method, path string, form url.Values) (status int, body string) {
	v.t.Helper()
	r, err := http.NewRequest(method, v.url+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	r.Header = v.header.Clone()
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.browser.Do(r)
	require.NoError(v.t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return response.StatusCode, string(b)
}

func (v *visitor) get(path string) string {
	v.t.Helper()
	status, body := v.do(http.MethodGet, path, nil)
	require.Equal(v.t, http.StatusOK, status, body)
	return body
}

// post posts a form of names and values.
func (v *visitor) post(path string, form ...string) {
	v.t.Helper()
	status, body := v.do(http.MethodPost, path, formOf(form...))
	require.Equal(v.t, http.StatusSeeOther, status, body)
}

func formOf(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// act does everything that causes an event but for the answer: four of them.
func (v *visitor) act() {
	v.t.Helper()
	v.post("/buy")
	v.post("/signup")
	v.get("/")
}

func (v *visitor) cookie(name string) string {
	u, err := url.Parse(v.url)
	require.NoError(v.t, err)
	for _, c := range v.browser.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// delivered returns the answer of /deliveries.
func (v *visitor) delivered() (sent int, at map[string]int) {
	v.t.Helper()
	var answer struct {
		Sent         int
		Destinations map[string]int
	}
	decoder := json.NewDecoder(strings.NewReader(v.get("/deliveries")))
	decoder.DisallowUnknownFields()
	require.NoError(v.t, decoder.Decode(&answer))
	return answer.Sent, answer.Destinations
}

// wire returns the events as the collector received them.
func (v *visitor) wire() []map[string]any {
	v.t.Helper()
	var events []map[string]any
	for _, e := range v.shop.collector.latest() {
		var m map[string]any
		require.NoError(v.t, json.Unmarshal(e.json, &m))
		events = append(events, m)
	}
	return events
}

// counts is what /deliveries says if n events reached the named destinations and
// none reached the others.
func counts(n int, names ...string) map[string]int {
	m := map[string]int{
		"Amplitude": 0, "HubSpot": 0, "Mixpanel (Actions)": 0, "Warehouses": 0,
		"Facebook Conversions API (Actions)": 0, "Google Ads Conversions": 0,
		"Intercom": 0, "Webhooks": 0, "TikTok Conversions": 0,
	}
	for _, name := range names {
		m[name] = n
	}
	return m
}

var (
	analyticsTools = []string{"Amplitude", "HubSpot", "Mixpanel (Actions)", "Warehouses"}
	advertisers    = []string{"Facebook Conversions API (Actions)", "Google Ads Conversions"}
)

func names(lists ...[]string) []string {
	all := []string{"Webhooks"} // strictly necessary
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
