package site

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
)

func TestPageShowsWhatSegmentReceived(t *testing.T) {
	b := visit(t)
	b.answer("save", "functional")
	b.post("/join")
	page := html.UnescapeString(b.get("/?done=join"))
	require.Contains(t, page, "JSON as Segment received it")
	require.Contains(t, page, `"email": "robin@example.com"`)
	require.Contains(t, page, "\"categoryPreferences\": {\n        \"advertising\": false,")
	require.Contains(t, page, `name="category.functional" aria-describedby="functional-purpose functional-status" checked>`)
	require.Contains(t, page, `name="category.advertising" aria-describedby="advertising-purpose advertising-status">`)
	require.Contains(t, page, "<dt>Intercom</dt><dd>3 of 4 events</dd>")
	require.NotContains(t, page, "<script")
}

// After a click the page shows its result, at the place that the address names.
func TestPageTellsWhatWasDone(t *testing.T) {
	b := visit(t)
	for _, test := range []struct{ path, done, title string }{
		{"/buy", "buy", "Thank you, the teapot is yours.</strong> The event got to 1 of 9 destinations: Webhooks."},
		{"/join", "join", "Welcome to the tea club.</strong> The event got to 1 of 9 destinations: Webhooks."},
	} {
		require.Equal(t, "/?done="+test.done+"#done", b.post(test.path))
		page := b.get("/?done=" + test.done)
		require.Regexp(t, `<p class="done" id="done" role="status" tabindex="-1"><strong>`+regexp.QuoteMeta(test.title), page)
	}
	b.answer("accept")
	require.Contains(t, b.get("/?done=answer"), "Your choices are saved.</strong> Segment is told of them, and no destination.")
	// A link from another site cannot claim something that did not happen.
	other := browserOf(t, b.shop, b.url)
	for _, done := range []string{"buy", "join", "answer", "<b>"} {
		require.NotContains(t, other.get("/?done="+done), `id="done"`, done)
	}
}

func TestPageShowsSuppressedEvents(t *testing.T) {
	fake := segmenttest.New(t, workspaceFor(policyConfig()))
	config := destinations.Config{Categories: policyConfig().Categories} // nothing is strictly necessary
	b := visitWith(t, config, fake.WriteKey(), fake.Config(), fake)
	page := b.get("/")
	require.Contains(t, page, "Suppressed, it never left the shop: no destination may see it.")
	sent, _ := b.delivered()
	require.Zero(t, sent)
	fake.RequireArrivals(t, 0)
}

// The question comes first until it is answered, so that it is visible on a phone.
func TestQuestionComesFirst(t *testing.T) {
	b := visit(t)
	order := func() []string {
		return regexp.MustCompile(`<h2 id="(product|choices)">`).FindAllString(b.get("/"), -1)
	}
	require.Equal(t, []string{`<h2 id="choices">`, `<h2 id="product">`}, order())
	b.answer("deny")
	require.Equal(t, []string{`<h2 id="product">`, `<h2 id="choices">`}, order())
}

func TestLiveShopShowsDecisions(t *testing.T) {
	arrived := make(chan string, 10)
	segment := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		key, _, _ := r.BasicAuth()
		arrived <- key + " " + r.URL.Path
	}))
	defer segment.Close()
	b := visitWith(t, policyConfig(), "key", analytics.Config{Endpoint: segment.URL, BatchSize: 1}, nil)
	b.answer("save", "functional")
	b.post("/buy")
	page := b.get("/?done=buy")
	require.Equal(t, "key /v1/batch", <-arrived)
	require.Contains(t, page, "They go to Segment")
	require.Contains(t, page, "Allowed to 2 of 8 destinations")
	require.Contains(t, page, "The event may go to 2 of 8 destinations: Intercom, Webhooks.")
	require.Contains(t, page, `<span class="status">allowed</span>`)
	require.NotContains(t, page, `<span class="status">delivered</span>`)
	require.NotContains(t, page, "JSON as Segment received it")
	require.NotContains(t, page, `id="totals"`)
	response, _ := b.do(http.MethodGet, "/deliveries", nil)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
}

func TestPageMayNotBeFramedScriptedOrCached(t *testing.T) {
	b := visit(t)
	response, _ := b.do(http.MethodGet, "/", nil)
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	require.Contains(t, b.get("/style.css"), "prefers-color-scheme: dark")
}
