package main

import (
	"context"
	"log"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// The one client of the process.
var client *consent.Client

// Init is called once, by main.
func Init(c *consent.Client) { client = c }

// Track is called from wherever something happens.
func Track(ctx context.Context, user, event string) {
	if err := client.For(ctx).Enqueue(analytics.Track{UserId: user, Event: event}); err != nil {
		log.Print(err)
	}
}
