// A shop on chi, whose middleware is that of net/http.
//
// The recipe is consent.go. The trap: a middleware of r.Group or r.With covers those routes
// alone, and a second router that is not mounted below the first has none.
package main

import (
	"net/http"

	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

func site(t tracking) http.Handler {
	r := routed(shop.Answers)
	r.Post("/orders", func(w http.ResponseWriter, r *http.Request) {
		if err := shop.Order(t.For(r)); err != nil {
			http.Error(w, "not tracked", http.StatusInternalServerError)
		}
	})
	return r
}

func main() {
	client := shop.Open()
	defer shop.Close(client)
	shop.Serve(site(tracking{client}))
}
