package main

import (
	"net/http"

	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/peer"
)

// carrying returns the connect.HTTPClient of the clients of these services of one's own,
// such as "orders.internal:8080". The base is nil, or one that speaks HTTP/2.
func carrying(base http.RoundTripper, hosts ...string) *http.Client {
	return &http.Client{Transport: peer.Transport{To: peer.Hosts(hosts...), Base: base}}
}

// read goes around the handlers of connect. Trusts reports whether the caller is a service
// of one's own, by its certificate or token.
func read(trusts func(*http.Request) bool, onError func(*http.Request, error)) func(http.Handler) http.Handler {
	return middleware.New(middleware.Options{
		Sources: []middleware.Source{peer.Source{Trusts: trusts}},
		OnError: onError,
	})
}
