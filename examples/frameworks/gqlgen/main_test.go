package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
)

// order runs a mutation, and a subscription that sends two server-sent events.
func order(t *testing.T, endpoint http.Handler, v consenttest.Visitor) {
	t.Helper()
	server := httptest.NewServer(endpoint)
	defer server.Close()
	for _, operation := range []struct{ query, accept string }{
		{`mutation { order }`, "application/json"},
		{`subscription { orders }`, "text/event-stream"},
	} {
		r := shoptest.Request(t, v, server.URL)
		r.Body = io.NopCloser(strings.NewReader(`{"query":"` + operation.query + `"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", operation.accept)
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		shoptest.Took(t, response)
	}
}

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(t, site(client), v)
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(t, unread(schema{client}), v)
	})
}
