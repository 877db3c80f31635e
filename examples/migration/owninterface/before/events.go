package main

import (
	"context"

	"github.com/segmentio/analytics-go/v3"
)

// Events is what handlers know of analytics. Tests have a fake of it.
type Events interface {
	Track(ctx context.Context, user, event string, properties map[string]any) error
	Identify(ctx context.Context, user string, traits map[string]any) error
}

// segmentEvents sends to Segment.
type segmentEvents struct{ client analytics.Client }

func (s segmentEvents) Track(_ context.Context, user, event string, properties map[string]any) error {
	return s.client.Enqueue(analytics.Track{UserId: user, Event: event, Properties: properties})
}

func (s segmentEvents) Identify(_ context.Context, user string, traits map[string]any) error {
	return s.client.Enqueue(analytics.Identify{UserId: user, Traits: traits})
}
