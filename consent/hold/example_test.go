package hold_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/hold"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
)

// A printer stands in for analytics-go.
type printer struct{}

func (printer) Enqueue(m analytics.Message) error {
	track := m.(analytics.Track)
	fmt.Println("sent:", track.Event, track.Integrations["Amplitude"] == true)
	return nil
}

func (printer) Close() error { return nil }

// The first page's event waits until the visitor answers at the endpoint.
func Example() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}})
	client := consent.New(printer{}, policy, nil)
	held := hold.New(client, policy, hold.Options{})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		id := cookie.AnonymousID(r)
		err := held.For(r.Context(), id).Enqueue(analytics.Track{AnonymousId: id, Event: "Product Viewed"})
		if err != nil {
			fmt.Println(err)
		}
	})
	mux.Handle("POST /preferences", preferences.Handler{Policy: policy, OnAnswer: func(r *http.Request, _, given consent.State) {
		if err := held.Answer(cookie.AnonymousID(r), given); err != nil {
			fmt.Println(err)
		}
	}})
	site := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})(mux)

	visit := func(method, path, body string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(&http.Cookie{Name: "ajs_anonymous_id", Value: "41b0f9a6"})
		site.ServeHTTP(httptest.NewRecorder(), r)
	}
	visit("GET", "/product", "")
	fmt.Println("held:", held.Stats().Held)
	visit("POST", "/preferences", `{"categories": {"analytics": true}}`)
	fmt.Println("answered:", held.Stats().Answered)

	held.Close() // before client.Close
	// Output:
	// held: 1
	// sent: Product Viewed true
	// answered: 1
}
