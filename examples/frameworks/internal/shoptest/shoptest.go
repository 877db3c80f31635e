// Package shoptest runs a recipe against a fake Segment, and looks at what arrives there.
package shoptest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

// Visitors with the cookies of a real banner.
var (
	Accepts = called("accepted all")
	Rejects = called("rejected all")
)

func called(name string) consenttest.Visitor {
	all := consenttest.Site{Categories: shop.Config.Categories}.Visitors()
	return all[slices.IndexFunc(all, func(v consenttest.Visitor) bool { return v.Name == name })]
}

// A Track has a visitor order n times, and returns when that is tracked.
type Track func(t *testing.T, client *consent.Client, v consenttest.Visitor)

// Wired requires that all n orders of a visitor who accepts reach every destination, and
// those of one who rejects the strictly necessary one alone.
func Wired(t *testing.T, n int, track Track) {
	t.Run("accepts", func(t *testing.T) { run(t, track, Accepts, n, n, 0) })
	t.Run("rejects", func(t *testing.T) { run(t, track, Rejects, n, 0, 0) })
}

// Miswired requires that the orders of nobody get further than the strictly necessary
// destination, and that Stats counts each of the n as Unbound.
func Miswired(t *testing.T, n int, track Track) {
	for _, v := range []consenttest.Visitor{Accepts, Rejects} {
		t.Run(v.Name, func(t *testing.T) { run(t, track, v, n, 0, n) })
	}
}

// Denied requires what Miswired does, of messages that are bound to All(Denied).
func Denied(t *testing.T, n int, track Track) {
	for _, v := range []consenttest.Visitor{Accepts, Rejects} {
		t.Run(v.Name, func(t *testing.T) { run(t, track, v, n, 0, 0) })
	}
}

func run(t *testing.T, track Track, v consenttest.Visitor, necessary, others, unbound int) {
	t.Helper()
	segment := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Facebook Conversions API (Actions)", "Webhooks"},
		Categories:   shop.Config.Categories,
	})
	client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), destinations.MustCompile(shop.Config), nil)
	if err != nil {
		t.Fatal(err)
	}
	track(t, client, v)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	segment.RequireInbox(t, "Webhooks", necessary)
	segment.RequireInbox(t, "Amplitude", others)
	segment.RequireInbox(t, "Facebook Conversions API (Actions)", others)
	segment.RequireKnownNames(t)
	if got := client.Stats().Unbound; got != uint64(unbound) {
		t.Errorf("Unbound is %d, want %d", got, unbound)
	}
}

// Request returns a request of the visitor's to the URL.
func Request(t *testing.T, v consenttest.Visitor, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = v.Request(http.MethodPost, "/", nil).Header
	return r
}

// Post sends a POST of the visitor's for /orders to the handler, through a server.
func Post(t *testing.T, handler http.Handler, v consenttest.Visitor) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	response, err := server.Client().Do(Request(t, v, server.URL+"/orders"))
	if err != nil {
		t.Fatal(err)
	}
	Took(t, response)
}

// Took requires that the response is a success.
func Took(t *testing.T, response *http.Response) {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Errorf("status %d, %v: %s", response.StatusCode, err, body)
	}
}
