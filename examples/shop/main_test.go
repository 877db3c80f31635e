package main

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
			onPage:   []string{"the visitor denied a category (Advertising)", "the visitor denied a category (Functional)", "strictly necessary"},
			unlinked: true,
		},
		{
			name: "accept", answer: []string{"preset", "accept"},
			reached: names(analyticsTools, advertisers, []string{"Intercom"}),
			prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": true, "functional": true},
			onPage:  []string{"the visitor granted every category of it (Advertising)", "the policy does not list it"},
		},
		{
			name: "one category", answer: []string{"marketingAndAnalytics", "true", "functional", "false"},
			reached: names(analyticsTools),
			prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": false, "functional": false},
			onPage: []string{
				"the visitor granted every category of it (Marketing and analytics)",
				"the visitor denied a category (Advertising)",
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

func TestLostEventsAreTold(t *testing.T) {
	c := startTestCollector(t)
	segment := c.config()
	segment.Interval = time.Hour
	v := visitWith(t, policyConfig(), c.writeKey, segment, c)
	v.post("/buy")
	require.NoError(t, c.close())
	require.NoError(t, v.shop.client.Close())
	v.post("/buy") // the client is closed, and the shop sells on
	sent, lost := v.shop.ledger.totals()
	require.Zero(t, sent)
	require.Equal(t, 2, lost)
	require.Equal(t, 1, strings.Count(v.get("/"), "It could not be sent."), "the other one was never decided about")
}
