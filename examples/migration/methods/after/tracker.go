package main

import (
	"context"
	"log"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// A Tracker has a method for each event.
type Tracker struct{ client *consent.Client }

// For returns a Tracker for the visitor of ctx.
func (t Tracker) For(ctx context.Context) Tracker { return Tracker{t.client.For(ctx)} }

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
