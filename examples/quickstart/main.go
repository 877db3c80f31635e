// Command quickstart is the program of the README: a server that tracks an order for
// visitors who agreed to it, and shows what was decided and why.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"marketingAndAnalytics": {"Amplitude", "Mixpanel (Actions)"},
	"advertising":           {"Facebook Pixel"},
}})

func site(client *consent.Client) http.Handler {
	read := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})
	return read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := client.For(r.Context()).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"})
		if err != nil {
			log.Print(err)
		}
		fmt.Fprint(w, policy.Explain(consent.FromContext(r.Context())))
	}))
}

func main() {
	client := consent.New(consent.Discard, policy, nil) // consent.NewSegment sends to Segment
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", site(client)))
}
