package queue_test

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/queue"
)

// Users have answered, or not.
type users map[string]consent.State

func (u users) Current(_ context.Context, userID, _ string) (consent.State, time.Time, error) {
	if s, ok := u[userID]; ok {
		return s, time.Time{}, nil
	}
	return consent.NewState(nil), time.Time{}, nil
}

// Of two visitors who had granted everything, one withdraws while the events are queued.
func ExampleWorker() {
	q := queue.NewMemory(0, 0)
	tracker := consent.NewQueued(q, policy, nil)
	for _, user := range []string{"ann", "bob"} {
		_ = tracker.With(granted).Enqueue(analytics.Track{Event: "Ordered", UserId: user})
	}
	answers := users{"ann": granted, "bob": consenttest.Deny("analytics", "advertising")}

	ctx, stop := context.WithCancel(context.Background())
	left := 2
	client := consent.New(consent.Discard, policy, &consent.Options{
		OnOutcome: func(m analytics.Message, o consent.Outcome) {
			fmt.Println(m.(analytics.Track).UserId, o.Result)
			if left--; left == 0 {
				stop()
			}
		},
	})
	worker, err := queue.NewWorker(queue.Options{
		Queue: q, Client: client, Answers: answers,
		DeadLetter: func(context.Context, queue.Dead) error { return nil }, // keep them somewhere
	})
	if err != nil {
		panic(err)
	}
	_ = worker.Run(ctx)
	fmt.Println(q.Len(), "left")
	// Unordered output:
	// ann discarded
	// bob suppressed
	// 0 left
}

// What an engine stores.
func ExampleSeal() {
	e, err := queue.Seal(consent.Captured{
		Message: analytics.Alias{UserId: "u1", PreviousId: "a1", MessageId: "m1", Timestamp: at},
		States:  []consent.State{consent.NewState(map[string]bool{"analytics": true})}, At: at,
	})
	if err != nil {
		panic(err)
	}
	text, err := e.MarshalJSON()
	fmt.Println(string(text), err)
	// Output:
	// {"version":1,"type":"alias","at":"2026-05-04T03:02:01Z","states":["1.?;+analytics;"],"message":{"messageId":"m1","previousId":"a1","userId":"u1","timestamp":"2026-05-04T03:02:01Z"}} <nil>
}
