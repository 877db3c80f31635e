package main

import (
	"log"
	"net/http"

	"github.com/segmentio/analytics-go/v3"
)

func signUp(w http.ResponseWriter, r *http.Request) {
	err := analyticsFrom(r.Context()).Enqueue(analytics.Identify{
		UserId: r.FormValue("user"),
		Traits: analytics.NewTraits().SetEmail(r.FormValue("email")),
	})
	if err != nil {
		log.Print(err)
	}
	w.WriteHeader(http.StatusCreated)
}

func takeOrder(w http.ResponseWriter, r *http.Request) {
	err := analyticsFrom(r.Context()).Enqueue(analytics.Track{
		UserId: r.FormValue("user"),
		Event:  "Order Completed",
	})
	if err != nil {
		log.Print(err)
	}
	w.WriteHeader(http.StatusCreated)
}
