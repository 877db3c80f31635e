// Before is a shop that puts its analytics client into the context of every request.
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
	log.Print(http.ListenAndServe("127.0.0.1:8080", site(client)))
}

func site(client analytics.Client) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /accounts", signUp)
	mux.HandleFunc("POST /orders", takeOrder)
	return withAnalytics(client)(mux)
}
