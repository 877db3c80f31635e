// After is a shop that knows analytics through an interface of its own.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

func main() {
	client, err := consent.NewSegment(os.Getenv("WRITE_KEY"), analytics.Config{}, policy, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	log.Print(http.ListenAndServe("127.0.0.1:8080", site(segmentEvents{client})))
}

func site(events Events) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /accounts", signUp(events))
	mux.Handle("POST /orders", takeOrder(events))
	return middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})(mux)
}
