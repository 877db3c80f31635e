package main

import (
	"encoding/json"
	"html"
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

func TestAnswersAreObeyed(t *testing.T) {
	tests := []struct {
		name     string
		answer   []string // the form of POST /consent, if any
		cookie   string   // a header to send instead
		gpc      bool
		reached  []string
		prefs    map[string]any
		onPage   []string
		unlinked bool // the events carry nobody's id
	}{
		{
			name: "no cookie: only what is strictly necessary", reached: names(),
			prefs:    map[string]any{"marketingAndAnalytics": false, "advertising": false, "functional": false},
			onPage:   []string{"You have not been asked yet", "Not asked yet, so off", "no answer, and the policy is opt-in"},
			unlinked: true,
		},
		{
			name: "reject", answer: []string{"preset", "reject"}, reached: names(),
			prefs:    map[string]any{"marketingAndAnalytics": false, "advertising": false, "functional": false},
			onPage:   []string{"the visitor denied a category (advertising)", "the visitor denied a category (functional)", "strictly necessary"},
			unlinked: true,
		},
		{
			name: "accept", answer: []string{"preset", "accept"},
			reached: names(analyticsTools, advertisers, []string{"Intercom"}),
			prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": true, "functional": true},
			onPage:  []string{"the visitor granted every category of it (advertising)", "the policy does not list it"},
		},
		{
			name: "one category", answer: []string{"marketingAndAnalytics", "true", "functional", "false"},
			reached: names(analyticsTools),
			prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": false, "functional": false},
			onPage: []string{
				"the visitor granted every category of it (marketingAndAnalytics)",
				"the visitor denied a category (advertising)",
				"delivered to 5 of 9",
			},
		},
		{
			name: "the checkboxes of the form", answer: []string{"functional", "on", "advertising", "on"},
			reached: names(advertisers, []string{"Intercom"}),
			prefs:   map[string]any{"marketingAndAnalytics": false, "advertising": true, "functional": true},
			onPage:  []string{"delivered to 4 of 9"},
		},
		{
			name: "GPC with accept: not to advertising", answer: []string{"preset", "accept"}, gpc: true,
			reached: names(analyticsTools, []string{"Intercom"}),
			prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": false, "functional": true},
			onPage:  []string{"Global Privacy Control", "Off, by your browser's privacy signal"},
		},
		{
			name: "malformed cookie: only what is strictly necessary", cookie: "tracking-preferences={%22version%22:1%2C%22custom%22:{",
			reached:  names(),
			prefs:    map[string]any{"marketingAndAnalytics": false, "advertising": false, "functional": false},
			onPage:   []string{"Your stored answer cannot be read", "Off, as your answer cannot be read", "the visitor's answer was not read"},
			unlinked: true,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := visit(t)
			if test.gpc {
				v.header.Set("Sec-GPC", "1")
			}
			if test.cookie != "" {
				v.header.Set("Cookie", test.cookie)
			}
			sent := 4
			if test.answer != nil {
				v.post("/consent", test.answer...)
				sent++ // the update of preferences, to no destination
			}
			v.act()
			gotSent, got := v.delivered()
			require.Equal(t, sent, gotSent)
			require.Equal(t, counts(4, test.reached...), got)

			wire := v.wire()
			require.Len(t, wire, sent)
			for _, event := range wire {
				preferences := event["context"].(map[string]any)["consent"].(map[string]any)["categoryPreferences"]
				require.Equal(t, test.prefs, preferences)
				require.Equal(t, false, event["integrations"].(map[string]any)["All"])
				require.Equal(t, test.unlinked, event["anonymousId"] == anonymous)
			}
			page := html.UnescapeString(v.get("/"))
			for _, text := range test.onPage {
				require.Contains(t, page, text)
			}
		})
	}
}

func TestUpdateOfPreferencesGoesToSegmentAlone(t *testing.T) {
	v := visit(t)
	v.post("/consent", "preset", "accept")
	sent, at := v.delivered()
	require.Equal(t, 1, sent)
	require.Equal(t, counts(0), at)
	require.Equal(t, "Segment Consent Preference Updated", v.wire()[0]["event"])
	require.Contains(t, v.get("/"), "the update of preferences goes to Segment alone")
}

func TestEventsOfEveryAction(t *testing.T) {
	v := visit(t)
	v.act()
	v.delivered()
	types := make(map[any]int)
	for _, event := range v.wire() {
		types[event["type"]]++
	}
	require.Equal(t, map[any]int{"track": 1, "identify": 1, "group": 1, "page": 1}, types)
}

func TestChangeOfMindCountsFromTheNextEvent(t *testing.T) {
	v := visit(t)
	v.post("/consent", "preset", "accept")
	v.post("/buy")
	id := v.cookie(visitorCookie)
	require.True(t, isVisitorID(id), id)
	v.post("/consent", "preset", "reject")
	require.Empty(t, v.cookie(visitorCookie), "the id is taken back")
	v.post("/buy")

	_, at := v.delivered()
	require.Equal(t, 1, at["Amplitude"])
	require.Equal(t, 2, at["Webhooks"])
	ids := make(map[any]int)
	for _, event := range v.wire() {
		ids[event["anonymousId"]]++
	}
	require.Equal(t, map[any]int{id: 3, anonymous: 1}, ids, "the withdrawal is filed under the id it ends")
}

func TestForgedVisitorIDIsReplaced(t *testing.T) {
	v := visit(t)
	v.post("/consent", "preset", "accept")
	u, err := url.Parse(v.url)
	require.NoError(t, err)
	v.browser.Jar.SetCookies(u, []*http.Cookie{{Name: visitorCookie, Value: "someone@example.com", Path: "/"}})
	v.post("/buy")
	v.delivered()
	require.True(t, isVisitorID(v.cookie(visitorCookie)))
	for _, event := range v.wire() {
		require.True(t, isVisitorID(event["anonymousId"].(string)))
	}
}

func TestBadFormChangesNothing(t *testing.T) {
	tests := []struct {
		name, want string
		form       url.Values
	}{
		{"unknown preset", `unknown preset "maybe"`, formOf("preset", "maybe")},
		{"unknown category", `unknown category "Advertising"`, formOf("Advertising", "true")},
		{"unknown value", `"functional" is neither true nor false`, formOf("functional", "yes")},
		{"two values", `"functional" is given more than once`, formOf("functional", "true", "functional", "false")},
		{"preset and category", "a preset leaves no room", formOf("preset", "accept", "functional", "false")},
		{"too long", "too long", formOf("functional", strings.Repeat("x", 5000))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := visit(t)
			v.post("/consent", "functional", "true")
			before := v.cookie("tracking-preferences")
			require.NotEmpty(t, before)
			status, body := v.do(http.MethodPost, "/consent", test.form)
			require.Equal(t, http.StatusBadRequest, status)
			require.Contains(t, body, test.want)
			require.Equal(t, before, v.cookie("tracking-preferences"))
			sent, _ := v.delivered()
			require.Equal(t, 1, sent)
		})
	}
	t.Run("no form at all", func(t *testing.T) {
		v := visit(t)
		response, err := http.Post(v.url+"/consent", "application/json", strings.NewReader(`{"preset":"accept"}`))
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, http.StatusBadRequest, response.StatusCode)
		require.Empty(t, response.Cookies())
	})
}

func TestEmptyFormDeniesEverything(t *testing.T) {
	v := visit(t)
	v.post("/consent", "preset", "accept")
	v.post("/consent") // every box unchecked
	v.post("/buy")
	_, at := v.delivered()
	require.Equal(t, counts(1, "Webhooks"), at)
}

func TestCrossOriginPostIsRefused(t *testing.T) {
	for _, path := range []string{"/consent", "/buy", "/signup", "/reset"} {
		v := visit(t)
		v.post("/buy")
		v.header.Set("Origin", "https://elsewhere.example")
		status, _ := v.do(http.MethodPost, path, formOf("preset", "accept"))
		require.Equal(t, http.StatusForbidden, status, path)
		require.Empty(t, v.cookie("tracking-preferences"))
		sent, _ := v.delivered()
		require.Equal(t, 1, sent, path)
	}
}

func TestResetForgets(t *testing.T) {
	v := visit(t)
	v.act()
	v.post("/reset")
	sent, at := v.delivered()
	require.Zero(t, sent)
	require.Equal(t, counts(0), at)
	require.Empty(t, v.shop.ledger.latest())
	require.Empty(t, v.wire())
}

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

func TestMemoryIsBounded(t *testing.T) {
	v := visit(t)
	for range keep + 10 {
		v.post("/buy")
	}
	sent, _ := v.delivered()
	require.Equal(t, keep+10, sent)
	require.Len(t, v.shop.ledger.latest(), keep)
	require.Len(t, v.shop.ledger.entries, keep)
	require.Len(t, v.wire(), keep)
	require.Empty(t, v.shop.ledger.underWay)
}

func TestDeliveriesSaysWhenEventsDoNotArrive(t *testing.T) {
	c := startTestCollector(t)
	segment := c.config()
	segment.Interval = time.Hour
	v := visitWith(t, policyConfig(), c.writeKey, segment, c)
	v.shop.patience = 0
	v.post("/buy")
	status, body := v.do(http.MethodGet, "/deliveries", nil)
	require.Equal(t, http.StatusGatewayTimeout, status)
	require.Contains(t, body, "still under way")
	status, _ = v.do(http.MethodPost, "/reset", nil)
	require.Equal(t, http.StatusGatewayTimeout, status)
	require.Contains(t, v.get("/"), "Under way.")
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
