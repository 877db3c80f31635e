package main

import (
	"log"

	"github.com/segmentio/analytics-go/v3"
)

// A Tracker has a method for each event.
type Tracker struct{ client analytics.Client }

func (t Tracker) track(user, event, about string) {
	err := t.client.Enqueue(analytics.Track{
		UserId:     user,
		Event:      event,
		Properties: analytics.NewProperties().Set("about", about),
	})
	if err != nil {
		log.Print(err)
	}
}
