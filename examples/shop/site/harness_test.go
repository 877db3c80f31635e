package site

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/destinations"
)

// A browser belongs to a visitor of a shop.
type browser struct {
	t      *testing.T
	shop   *shop
	url    string
	client *http.Client
	header http.Header // sent with every request
}

// visit opens a shop with a fake Segment behind it. Its browser keeps cookies, and
// does not follow redirects, so that each request is one action.
func visit(t *testing.T) *browser {
	t.Helper()
	fake := segmenttest.New(t, workspaceFor(policyConfig()))
	return visitWith(t, policyConfig(), fake.WriteKey(), fake.Config(), fake)
}

func visitWith(t *testing.T, config destinations.Config, writeKey string, c analytics.Config, fake *segmenttest.Segment) *browser {
	t.Helper()
	return visitOn(t, new(ledger.Memory), config, writeKey, c, fake)
}

func visitOn(t *testing.T, store ledger.Store, config destinations.Config, writeKey string, c analytics.Config, fake *segmenttest.Segment) *browser {
	t.Helper()
	s, err := newShop(config, writeKey, c, fake, Config{Store: store}, log.New(io.Discard, "", 0))
	require.NoError(t, err)
	s.patience = time.Minute // a busy machine takes longer than a visitor waits
	server := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		server.Close()
		lost, err := s.accounts.Close(context.Background())
		require.NoError(t, err)
		require.Zero(t, lost)
		_ = s.client.Close() // a test may have closed it
	})
	return browserOf(t, s, server.URL)
}

func browserOf(t *testing.T, s *shop, url string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t, s, url, &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, http.Header{}}
}

func (b *browser) do(method, path string, form url.Values) (response *http.Response, body string) {
	b.t.Helper()
	r, err := http.NewRequest(method, b.url+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	r.Header = b.header.Clone()
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err = b.client.Do(r)
	require.NoError(b.t, err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response, string(read)
}

func (b *browser) get(path string) string {
	b.t.Helper()
	response, body := b.do(http.MethodGet, path, nil)
	require.Equal(b.t, http.StatusOK, response.StatusCode, body)
	return body
}

// post posts a form of names and values, and returns where it leads.
func (b *browser) post(path string, form ...string) (location string) {
	b.t.Helper()
	response, body := b.do(http.MethodPost, path, formOf(form...))
	require.Equal(b.t, http.StatusSeeOther, response.StatusCode, body)
	return response.Header.Get("Location")
}

// answer sends the consent form with one of its buttons, and the boxes that are ticked.
func (b *browser) answer(button string, categories ...string) {
	b.t.Helper()
	form := []string{"answer", button, "redirect", "/?done=answer#done"}
	for _, name := range categories {
		form = append(form, "category."+name, "on")
	}
	require.Equal(b.t, "/?done=answer#done", b.post("/preferences", form...))
}

func formOf(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// act does everything that causes events, except answering: four events.
func (b *browser) act() {
	b.t.Helper()
	b.post("/buy")
	b.post("/join")
	b.get("/")
}

func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.url)
	require.NoError(b.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// delivered returns the answer of /deliveries.
func (b *browser) delivered() (sent int, at map[string]int) {
	b.t.Helper()
	var answer struct {
		Sent         int
		Destinations map[string]int
	}
	decoder := json.NewDecoder(strings.NewReader(b.get("/deliveries")))
	decoder.DisallowUnknownFields()
	require.NoError(b.t, decoder.Decode(&answer))
	return answer.Sent, answer.Destinations
}

// wire returns the events of all visitors as the fake Segment received them.
func (b *browser) wire() []map[string]any {
	b.t.Helper()
	b.delivered() // waits for them
	var events []map[string]any
	for _, a := range b.shop.segment.Arrivals() {
		var m map[string]any
		require.NoError(b.t, json.Unmarshal(a.JSON, &m))
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
