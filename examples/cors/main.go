// Cors is a preferences endpoint on the host of an API, for the pages of another host of the
// same site: www.example.com asks, and api.example.com keeps the answer.
//
// It needs two protections. The CORS handler, of rs/cors, lets scripts of that one origin
// read the responses, and send requests that need a preflight. The CrossOriginProtection of
// the endpoint refuses answers from every other origin: browsers send forms and plain text
// without a preflight.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/rs/cors"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware/preferences"
)

// policy says which category of the visitor's consent covers which destination.
var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics":   {"Amplitude"},
	"advertising": {"Facebook Pixel"},
}})

func main() {
	client, err := consent.NewSegment(os.Getenv("WRITE_KEY"), analytics.Config{}, policy, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	h, err := endpoint(client, "https://www.example.com")
	if err != nil {
		log.Fatal(err)
	}
	log.Print(http.ListenAndServe("127.0.0.1:8080", h))
}

// endpoint takes answers from the pages of one other origin.
func endpoint(client *consent.Client, page string) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(page); err != nil {
		return nil, err
	}
	h := preferences.Handler{Policy: policy, Client: client, Expand: policy.Expand, CrossOrigin: protection}
	if err := h.Check(); err != nil {
		return nil, err
	}
	return cors.New(cors.Options{
		AllowedOrigins:   []string{page}, // never "*", which browsers refuse with credentials
		AllowedMethods:   []string{"GET", "POST", "PUT", "DELETE"},
		AllowedHeaders:   []string{"Content-Type"},
		AllowCredentials: true, // the cookie
		MaxAge:           600,
	}).Handler(h), nil
}
