package site

import (
	"html"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

var answers = []struct {
	name    string
	button  string   // of POST /preferences, if any
	ticked  []string // its boxes
	cookie  string   // a header to send instead
	gpc     bool
	reached []string
	told    int // events of the answer at the destinations: the traits
	prefs   map[string]any
	onPage  []string
	nobody  bool // the events carry nobody's id
}{
	{
		name: "no cookie: only what is strictly necessary", reached: names(),
		prefs:  map[string]any{"marketingAndAnalytics": false, "advertising": false, "functional": false},
		onPage: []string{"You have not been asked yet", "no answer, and the policy is opt-in"},
		nobody: true,
	},
	{
		name: "reject", button: "deny", reached: names(),
		prefs:  map[string]any{"marketingAndAnalytics": false, "advertising": false, "functional": false},
		onPage: []string{"the visitor denied a category", "strictly necessary"},
		nobody: true,
	},
	{
		name: "accept", button: "accept", told: 1,
		reached: names(analyticsTools, advertisers, []string{"Intercom"}),
		prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": true, "functional": true},
		onPage:  []string{"the visitor granted every category of it", "the policy does not list it", "Delivered to 8 of 9 destinations"},
	},
	{
		name: "one category", button: "save", ticked: []string{"marketingAndAnalytics"}, told: 1,
		reached: names(analyticsTools),
		prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": false, "functional": false},
		onPage:  []string{"Delivered to 5 of 9 destinations"},
	},
	{
		name: "two categories", button: "save", ticked: []string{"functional", "advertising"}, told: 1,
		reached: names(advertisers, []string{"Intercom"}),
		prefs:   map[string]any{"marketingAndAnalytics": false, "advertising": true, "functional": true},
		onPage:  []string{"Delivered to 4 of 9 destinations"},
	},
	{
		name: "no box ticked", button: "save", reached: names(),
		prefs:  map[string]any{"marketingAndAnalytics": false, "advertising": false, "functional": false},
		nobody: true,
	},
	{
		name: "GPC with accept: not to advertising", button: "accept", gpc: true, told: 1,
		reached: names(analyticsTools, []string{"Intercom"}),
		prefs:   map[string]any{"marketingAndAnalytics": true, "advertising": false, "functional": true},
		onPage:  []string{"Global Privacy Control", "Off, by your browser's privacy signal"},
	},
	{
		name: "malformed cookie: only what is strictly necessary", cookie: "tracking-preferences={%22version%22:1%2C%22custom%22:{",
		reached: names(),
		prefs:   map[string]any{"marketingAndAnalytics": false, "advertising": false, "functional": false},
		onPage:  []string{"Your stored answer cannot be read", "Off, as your answer cannot be read", "no answer was read, or it denies everything"},
		nobody:  true,
	},
}

func TestAnswersAreObeyed(t *testing.T) {
	for _, test := range answers {
		t.Run(test.name, func(t *testing.T) {
			b := visit(t)
			if test.gpc {
				b.header.Set("Sec-GPC", "1")
			}
			sent := 4
			if test.button != "" {
				b.answer(test.button, test.ticked...)
				sent += 1 + test.told // the update of preferences, to no destination
			}
			if test.cookie != "" {
				b.header.Set("Cookie", test.cookie)
			}
			b.act()
			for _, event := range b.wire() {
				preferences := event["context"].(map[string]any)["consent"].(map[string]any)["categoryPreferences"]
				require.Equal(t, test.prefs, preferences)
				require.Equal(t, false, event["integrations"].(map[string]any)["All"])
			}
			ids := make(map[any]bool)
			for _, event := range b.wire() {
				ids[event["anonymousId"]] = true
			}
			gotSent, got := b.delivered()
			require.Equal(t, sent, gotSent)
			want := counts(4+test.told, test.reached...)
			require.Equal(t, want, got)
			if test.nobody {
				require.Len(t, ids, sent-1, "an id for each action, and none for the visitor")
			} else {
				require.Len(t, ids, 1)
			}
			page := html.UnescapeString(b.get("/"))
			for _, text := range test.onPage {
				require.Contains(t, strings.ToLower(page), strings.ToLower(text))
			}
		})
	}
}

func TestUpdateOfPreferencesGoesToSegmentAlone(t *testing.T) {
	b := visit(t)
	b.answer("deny")
	sent, at := b.delivered()
	require.Equal(t, 1, sent)
	require.Equal(t, counts(0), at)
	require.Equal(t, "Segment Consent Preference Updated", b.wire()[0]["event"])
	page := b.get("/?done=answer")
	require.Contains(t, page, "For Segment only: it reports your choices, and no destination gets it.")
	require.NotContains(t, page, "Delivered to", "it has no list of destinations")
}

func TestEventsOfEveryAction(t *testing.T) {
	b := visit(t)
	b.act()
	for _, done := range []string{"buy", "join", "answer", "reset"} {
		b.get("/?done=" + done) // what a form leads to is no view of a page
	}
	types := make(map[any]int)
	for _, event := range b.wire() {
		types[event["type"]]++
	}
	require.Equal(t, map[any]int{"track": 1, "identify": 1, "group": 1, "page": 1}, types)
}

func TestChangeOfMindCountsFromTheNextEvent(t *testing.T) {
	b := visit(t)
	b.answer("accept") // tells Segment, and the destinations of the traits
	b.post("/buy")
	b.answer("deny")
	b.post("/buy")
	b.post("/buy")

	_, at := b.delivered()
	require.Equal(t, 2, at["Amplitude"])
	require.Equal(t, 4, at["Webhooks"])
	ids := make(map[any]int)
	for _, event := range b.wire() {
		ids[event["anonymousId"]]++
	}
	require.ElementsMatch(t, []int{4, 1, 1}, slices.Collect(maps.Values(ids)), "the withdrawal is filed under the id it ends")
}

func TestVisitorsSeeTheirOwnEvents(t *testing.T) {
	b := visit(t)
	other := browserOf(t, b.shop, b.url)
	b.answer("accept")
	b.post("/buy")
	require.Contains(t, b.get("/?done=buy"), "Order Completed")
	require.NotContains(t, other.get("/"), "Order Completed")
	sent, at := other.delivered()
	require.Equal(t, 1, sent, "its own view of the page")
	require.Equal(t, counts(1, "Webhooks"), at)

	// A session id that the shop did not issue is ignored.
	thief := browserOf(t, b.shop, b.url)
	thief.header.Set("Cookie", visitorCookie+"=chosen")
	sent, _ = thief.delivered()
	require.Zero(t, sent)
	require.NotEqual(t, "chosen", thief.cookie(visitorCookie))
	require.NotEmpty(t, thief.cookie(visitorCookie))

	other.post("/reset")
	sent, _ = b.delivered()
	require.Equal(t, 3, sent, "one visitor's reset is not another's")
}

func TestResetForgets(t *testing.T) {
	b := visit(t)
	b.act()
	require.Equal(t, "/?done=reset#done", b.post("/reset"))
	sent, at := b.delivered()
	require.Zero(t, sent)
	require.Equal(t, counts(0), at)
	page := b.get("/?done=reset")
	require.Contains(t, page, "Your events are forgotten.")
	require.Contains(t, page, "No events yet.")
}

func TestMemoryIsBounded(t *testing.T) {
	b := visit(t)
	for range keep + 10 {
		b.post("/buy")
	}
	b.delivered()
	require.Len(t, b.shop.journal.entries, keep)
	require.Len(t, b.shop.segment.Arrivals(), keep)

	for range maxVisitors + 10 {
		b.shop.visitors.add(new(visitor))
	}
	require.Len(t, b.shop.visitors.bySID, maxVisitors)
	require.Len(t, b.shop.visitors.order, maxVisitors)
	v := new(visitor)
	for range maxIDs + 10 {
		v.anonymousID(false)
	}
	require.Len(t, v.ids, maxIDs)
}

func TestPageSaysWhenEventsDoNotArrive(t *testing.T) {
	b := visit(t)
	released := make(chan struct{})
	defer close(released)
	b.shop.segment.Script(segmenttest.Fault{Until: released}, segmenttest.Fault{Until: released})
	b.shop.patience = 0
	b.post("/buy")
	response, body := b.do(http.MethodGet, "/deliveries", nil)
	require.Equal(t, http.StatusGatewayTimeout, response.StatusCode)
	require.Contains(t, body, "still under way")
	require.Contains(t, b.get("/?done=buy"), "Under way.")
}

func TestLostEventsAreTold(t *testing.T) {
	b := visit(t)
	b.shop.segment.Stop()
	b.post("/buy")
	require.NoError(t, b.shop.client.Close())
	b.post("/buy") // the client is closed, and the shop sells on
	stats := b.shop.client.Stats()
	require.Zero(t, stats.Delivered)
	require.Equal(t, uint64(1), stats.Failed)
	require.Equal(t, uint64(1), stats.Refused)
	page := b.get("/?done=buy")
	require.Contains(t, page, "Thank you, the teapot is yours.</strong> It could not be sent.")
}

func TestBadAnswerChangesNothing(t *testing.T) {
	b := visit(t)
	b.answer("save", "functional")
	before := b.cookie("tracking-preferences")
	require.NotEmpty(t, before)
	response, _ := b.do(http.MethodPost, "/preferences", formOf("answer", "maybe"))
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Equal(t, before, b.cookie("tracking-preferences"))
	sent, _ := b.delivered()
	require.Equal(t, 2, sent)
}

func TestCrossOriginPostIsRefused(t *testing.T) {
	for _, path := range []string{"/preferences", "/buy", "/join", "/reset"} {
		b := visit(t)
		b.post("/buy")
		b.header.Set("Origin", "https://elsewhere.example")
		response, _ := b.do(http.MethodPost, path, formOf("answer", "accept"))
		require.Equal(t, http.StatusForbidden, response.StatusCode, path)
		require.Empty(t, b.cookie("tracking-preferences"))
		sent, _ := b.delivered()
		require.Equal(t, 1, sent, path)
	}
}

func TestSigningInRenewsTheSession(t *testing.T) {
	b := visit(t)
	b.get("/")
	planted := b.cookie(visitorCookie)
	b.signIn("ann")
	require.NotEqual(t, planted, b.cookie(visitorCookie))
	thief := browserOf(t, b.shop, b.url)
	thief.header.Set("Cookie", visitorCookie+"="+planted)
	require.NotContains(t, thief.get("/"), "signed in as")

	left := b.cookie(visitorCookie)
	b.post("/sign-out")
	thief.header.Set("Cookie", visitorCookie+"="+left)
	require.NotContains(t, thief.get("/"), "signed in as")
}
