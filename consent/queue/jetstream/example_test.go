package jetstream_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
})

// Users have answered.
type users map[string]consent.State

func (u users) Current(_ context.Context, userID, _ string) (consent.State, time.Time, error) {
	return u[userID], time.Time{}, nil
}

// A process stores an event and ends. The next one delivers it.
func Example() {
	dir, err := os.MkdirTemp("", "events")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	granted := consenttest.Grant("analytics", "advertising")

	q, err := jetstream.Open(ctx, jetstream.Options{Dir: dir})
	if err != nil {
		panic(err)
	}
	tracker := consent.NewQueued(q, policy, nil)
	err = tracker.With(granted).Enqueue(analytics.Track{Event: "Ordered", UserId: "ann"})
	fmt.Println("stored:", err)
	_ = q.Close()

	q, err = jetstream.Open(ctx, jetstream.Options{Dir: dir})
	if err != nil {
		panic(err)
	}
	defer q.Close()
	worker, err := queue.NewWorker(queue.Options{
		Queue: q, Answers: users{"ann": granted},
		Client: consent.New(consent.Discard, policy, &consent.Options{ // instead of NewSegment
			OnOutcome: func(m analytics.Message, o consent.Outcome) {
				fmt.Println(m.(analytics.Track).Event, o.Result)
				stop()
			},
		}),
		DeadLetter: func(context.Context, queue.Dead) error { return nil }, // keep them somewhere
	})
	if err != nil {
		panic(err)
	}
	_ = worker.Run(ctx)
	depth, err := q.Depth(context.Background())
	fmt.Println(depth.Messages, "left", err)
	// Output:
	// stored: <nil>
	// Ordered discarded
	// 0 left <nil>
}
