package main

import (
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

// gateway is what browsers talk to. It calls the service.
func gateway(orders *server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		request := orderRequest{r.FormValue("user"), r.FormValue("order")}
		md := metadata{"request-id": r.Header.Get("X-Request-Id"), "consent": consent.Text(r.Context())}
		if _, err := orders.call(md, "PlaceOrder", request); err != nil {
			http.Error(w, "The order was not placed.", http.StatusInternalServerError)
		}
	})
	return middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})(mux)
}
