// After is a shop that puts its analytics client into the context of every request.
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
	log.Print(http.ListenAndServe("127.0.0.1:8080", site(client)))
}

func site(client *consent.Client) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /accounts", signUp)
	mux.HandleFunc("POST /orders", takeOrder)
	read := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})
	return read(withAnalytics(client)(mux))
}
