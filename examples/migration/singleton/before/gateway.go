package main

import "net/http"

// gateway is what browsers talk to. It calls the service.
func gateway(orders *server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		request := orderRequest{r.FormValue("user"), r.FormValue("order")}
		md := metadata{"request-id": r.Header.Get("X-Request-Id")}
		if _, err := orders.call(md, "PlaceOrder", request); err != nil {
			http.Error(w, "The order was not placed.", http.StatusInternalServerError)
		}
	})
	return mux
}
