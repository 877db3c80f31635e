// After is a shop whose events are fifty methods without a context.
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
	s := &shop{tracker: Tracker{client}}
	log.Print(http.ListenAndServe("127.0.0.1:8080", s.site()))
}

func (s *shop) site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", s.showProduct)
	mux.HandleFunc("POST /accounts", s.signUp)
	mux.HandleFunc("POST /orders", s.takeOrder)
	return middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})(mux)
}
