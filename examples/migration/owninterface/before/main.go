// Before is a shop that knows analytics through an interface of its own.
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
	log.Print(http.ListenAndServe("127.0.0.1:8080", site(segmentEvents{client})))
}

func site(events Events) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /accounts", signUp(events))
	mux.Handle("POST /orders", takeOrder(events))
	return mux
}
