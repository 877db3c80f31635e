package main

import (
	"log"
	"net/http"
)

func signUp(events Events) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := events.Identify(r.Context(), r.FormValue("user"), map[string]any{"plan": "free"}); err != nil {
			log.Print(err)
		}
		w.WriteHeader(http.StatusCreated)
	}
}

func takeOrder(events Events) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := events.Track(r.Context(), r.FormValue("user"), "Order Completed", nil); err != nil {
			log.Print(err)
		}
		w.WriteHeader(http.StatusCreated)
	}
}
