package main

import (
	"log"

	"github.com/segmentio/analytics-go/v3"
)

// The one client of the process.
var client analytics.Client

// Init is called once, by main.
func Init(c analytics.Client) { client = c }

// Track is called from wherever something happens.
func Track(user, event string) {
	if err := client.Enqueue(analytics.Track{UserId: user, Event: event}); err != nil {
		log.Print(err)
	}
}
