// Before is a shop whose events are fifty methods without a context.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/segmentio/analytics-go/v3"
)

func main() {
	client := analytics.New(os.Getenv("WRITE_KEY"))
	defer client.Close()
	s := &shop{tracker: Tracker{client}}
	log.Print(http.ListenAndServe("127.0.0.1:8080", s.site()))
}

func (s *shop) site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", s.showProduct)
	mux.HandleFunc("POST /accounts", s.signUp)
	mux.HandleFunc("POST /orders", s.takeOrder)
	return mux
}
