package otel_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/otel"
	"github.com/go-consent/segment/consent/queue"
)

type answers struct{}

func (answers) Current(_ context.Context, userID, _ string) (consent.State, time.Time, error) {
	if userID == "u-unknown" {
		return consent.State{}, time.Time{}, errors.New("down")
	}
	return consent.NewState(map[string]bool{"analytics": userID == "u-ann"}), time.Time{}, nil
}

func newWorker(t testing.TB, q queue.Queue) *queue.Worker {
	w, err := queue.NewWorker(queue.Options{
		Queue: q, Client: consent.New(consent.Discard, policy, nil), Answers: answers{}, MaxAttempts: 1,
		DeadLetter: func(context.Context, queue.Dead) error { return nil },
	})
	require.NoError(t, err)
	return w
}

func TestQueueIsCollected(t *testing.T) {
	reader := sdk.NewManualReader()
	meter := sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")
	q := queue.NewMemory(0, 0)
	w := newWorker(t, q)
	registration, err := otel.RegisterQueue(meter, w)
	require.NoError(t, err)
	tracker := consent.NewQueued(q, policy, nil).With(consent.NewState(map[string]bool{"analytics": true}))
	put := func(users ...string) {
		for _, user := range users {
			require.NoError(t, tracker.Enqueue(analytics.Track{UserId: user, Event: "Ordered"}))
		}
	}
	put("u-ann", "u-bob", "u-unknown")
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error)
	go func() { over <- w.Run(ctx) }()
	require.Eventually(t, func() bool { return q.Len() == 0 }, time.Minute, time.Millisecond)
	stop()
	require.ErrorIs(t, <-over, context.Canceled)
	put("u-ann", "u-cid")
	_, err = q.Receive(t.Context(), 1)
	require.NoError(t, err)

	lines := collected(t, reader)
	for _, want := range []string{
		"consent.queue.waiting 1", "consent.queue.in_flight 1", "consent.queue.held 0", "consent.queue.limited 0", "consent.queue.redeliveries 0",
		"consent.queue.deliveriesoutcome=sent 1", "consent.queue.deliveriesoutcome=suppressed 1", "consent.queue.deliveriesoutcome=dead 1",
		"consent.queue.deliveriesoutcome=retried 0", "consent.queue.deliveriesoutcome=again 0", "consent.queue.deliveriesoutcome=forgotten 0",
		"consent.queue.deadreason=too many attempts 1", "consent.queue.deadreason=too old 0", "consent.queue.deadreason=unreadable 0", "consent.queue.deadreason=refused 0",
		"consent.queue.failuresoperation=Answers 1", "consent.queue.failuresoperation=delivery 1",
	} {
		require.Contains(t, lines, want)
	}
	require.Contains(t, fmt.Sprint(lines), "consent.queue.age ")
	require.NotContains(t, fmt.Sprint(lines), "u-")
	require.NoError(t, registration.Unregister())
	require.Empty(t, collected(t, reader))
}

// A queue that does not count hides nothing else.
func TestAQueueThatDoesNotCount(t *testing.T) {
	reader := sdk.NewManualReader()
	meter := sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")
	_, err := otel.RegisterQueue(meter, newWorker(t, struct{ queue.Queue }{queue.NewMemory(0, 0)}))
	require.NoError(t, err)
	lines := collected(t, reader)
	require.Contains(t, lines, "consent.queue.held 0")
	require.NotContains(t, fmt.Sprint(lines), "consent.queue.waiting")
	require.NotContains(t, fmt.Sprint(lines), "consent.queue.age")
}

func ExampleRegisterQueue() {
	reader := sdk.NewManualReader() // a program has an exporter
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	worker, err := queue.NewWorker(queue.Options{
		Queue: queue.NewMemory(0, 0), Client: consent.New(consent.Discard, policy, nil), Answers: answers{},
		DeadLetter: func(context.Context, queue.Dead) error { return nil }, // keep them somewhere
	})
	if err != nil {
		panic(err)
	}
	registration, err := otel.RegisterQueue(provider.Meter("shop"), worker)
	if err != nil {
		panic(err)
	}
	defer registration.Unregister()
	backlog, err := worker.Backlog(context.Background())
	fmt.Println(backlog.Depth(), err)
	// Output:
	// 0 <nil>
}
