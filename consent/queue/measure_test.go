package queue_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

func ordered() analytics.Track {
	return analytics.Track{
		UserId: "u1", Event: "Order Completed",
		Properties: analytics.NewProperties().SetOrderId("o1").SetTotal(24.90).SetCurrency("EUR"),
		Context:    &analytics.Context{Locale: "de", UserAgent: "Mozilla/5.0"},
	}
}

// An encoder is a queue that makes the JSON and forgets it.
type encoder struct{ bytes int }

func (e *encoder) Put(_ context.Context, c consent.Captured) error {
	sealed, err := queue.Seal(c)
	if err != nil {
		return err
	}
	text, err := json.Marshal(sealed)
	e.bytes = len(text)
	return err
}

// What an event costs before the engine: the decision, the measuring and the JSON.
func BenchmarkCapture(b *testing.B) {
	var e encoder
	client, m := consent.NewQueued(&e, policy, nil).With(granted), ordered()
	b.ReportAllocs()
	for b.Loop() {
		if err := client.Enqueue(m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(e.bytes), "bytes/event")
}

// What an event costs after the engine, up to the wrapped client.
func BenchmarkDeliver(b *testing.B) {
	var text []byte
	q := queueFunc(func(c consent.Captured) (err error) {
		sealed, _ := queue.Seal(c)
		text, err = json.Marshal(sealed)
		return err
	})
	if err := consent.NewQueued(q, policy, nil).With(granted).Enqueue(ordered()); err != nil {
		b.Fatal(err)
	}
	client := consent.New(consent.Discard, policy, nil)
	for name, now := range map[string]consent.State{"the same answer": granted, "another answer": consent.NewState(map[string]bool{"analytics": true})} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var e queue.Envelope
				if err := e.UnmarshalJSON(text); err != nil {
					b.Fatal(err)
				}
				client.Deliver(e.Captured, &consent.Standing{State: now, Given: time.Now()}, func(consent.Outcome) {})
			}
		})
	}
}

type queueFunc func(consent.Captured) error

func (f queueFunc) Put(_ context.Context, c consent.Captured) error { return f(c) }
