package peer_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/peer"
)

// A shop reads the cookie and calls its service for orders, which tracks. Here the services
// recognize each other by a token; a client certificate is better.
func Example() {
	isOurs := func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer of-the-shop" }
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{peer.Source{Trusts: isOurs}},
		OnError: func(_ *http.Request, err error) { fmt.Println(err) },
	})
	orders := httptest.NewServer(read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("analytics:", consent.FromContext(r.Context()).Category("analytics"))
	})))
	defer orders.Close()

	client := &http.Client{Transport: peer.Transport{To: peer.Hosts(strings.TrimPrefix(orders.URL, "http://"))}}
	readCookie := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})
	shop := readCookie(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		call, _ := http.NewRequestWithContext(r.Context(), http.MethodPost, orders.URL, nil)
		call.Header.Set("Authorization", "Bearer of-the-shop")
		if response, err := client.Do(call); err == nil {
			response.Body.Close()
		}
	}))

	visit := httptest.NewRequest(http.MethodGet, "/", nil)
	visit.Header.Set("Cookie", "tracking-preferences={%22version%22:1%2C%22custom%22:{%22analytics%22:true}}")
	shop.ServeHTTP(httptest.NewRecorder(), visit)

	// A request from outside, with the header.
	forged, _ := http.NewRequest(http.MethodPost, orders.URL, nil)
	forged.Header.Set(peer.Header, consent.NewState(map[string]bool{"analytics": true}).String())
	if response, err := http.DefaultClient.Do(forged); err == nil {
		response.Body.Close()
	}
	// Output:
	// analytics: granted
	// middleware: Source 0, a peer.Source: peer: the request is not from a trusted peer
	// analytics: denied
}
