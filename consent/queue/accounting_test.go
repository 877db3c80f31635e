package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/queue"
)

// A shaky queue fails now and then: before it has done what it was asked, or after.
type shaky struct {
	*queue.Memory
	mu sync.Mutex
	r  *rand.Rand
}

func (q *shaky) fails(odds int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.r.IntN(odds) == 0
}

func (q *shaky) do(f func() error) error {
	if q.fails(10) {
		return errDown
	}
	err := f()
	if q.fails(10) {
		return errDown
	}
	return err
}

func (q *shaky) Put(ctx context.Context, c consent.Captured) error {
	if q.fails(10) {
		return errDown // else it may come, though the caller was told otherwise
	}
	return q.Memory.Put(ctx, c)
}

func (q *shaky) Receive(ctx context.Context, max int) (all []queue.Delivery, err error) {
	if q.fails(10) {
		return nil, errDown
	}
	all, err = q.Memory.Receive(ctx, max)
	for i := range all {
		all[i] = shakyDelivery{all[i], q}
	}
	return all, err
}

type shakyDelivery struct {
	queue.Delivery
	queue *shaky
}

func (d shakyDelivery) Ack(ctx context.Context) error {
	return d.queue.do(func() error { return d.Delivery.Ack(ctx) })
}
func (d shakyDelivery) Retry(ctx context.Context, after time.Duration) error {
	return d.queue.do(func() error { return d.Delivery.Retry(ctx, after) })
}
func (d shakyDelivery) Extend(ctx context.Context) error {
	return d.queue.do(func() error { return d.Delivery.Extend(ctx) })
}

// TestEveryMessageIsAccountedFor puts messages into a queue that fails now and then, delivers
// them to a Segment that fails now and then, asks answers that are out of reach now and then,
// and ends the worker again and again in the middle of it. Every message that Enqueue took
// arrives under its id, or was suppressed, or is a dead letter; and no other arrives.
//
// CONSENT_SEED makes another run of it.
func TestEveryMessageIsAccountedFor(t *testing.T) {
	seed := uint64(1)
	if text := os.Getenv("CONSENT_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("CONSENT_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 7))
	fake := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude", "Facebook Pixel"}})
	fake.Script(segmenttest.Fault{Delay: time.Minute}) // the first worker ends with something in flight
	for range 60 {
		fake.Script([]segmenttest.Fault{
			{}, {Status: 400}, {Status: 500}, {Status: 429}, {HalfResponse: true}, {Reset: true}, {Delay: 5 * time.Millisecond},
		}[r.IntN(7)])
	}
	q := &shaky{Memory: queue.NewMemory(0, 200*time.Millisecond), r: rand.New(rand.NewPCG(seed, 8))}
	answers := record{given: time.Now()}
	answers.before = func() {
		if q.fails(20) {
			panic("out of reach")
		}
	}
	for user := range 10 {
		answers.set(fmt.Sprint("withdrew", user), denied)
		answers.set(fmt.Sprint("partly", user), consent.NewState(map[string]bool{"analytics": true, "advertising": false}))
	}

	taken, refused := map[string]string{}, map[string]bool{} // message id to user
	put := consent.NewQueued(q, policy, nil)
	for i := range 1000 {
		id, user := fmt.Sprint("m", i), fmt.Sprint([]string{"stays", "withdrew", "partly"}[r.IntN(3)], r.IntN(10))
		c := put.With(granted)
		if r.IntN(50) == 0 {
			user, c = "never", put.With(denied)
		}
		err := c.Enqueue(analytics.Track{Event: "e", UserId: user, MessageId: id})
		switch {
		case err != nil:
			refused[id] = true
		case user != "never":
			taken[id] = user
		}
	}
	for i := range 5 { // a policy of then named a destination that is gone
		id := fmt.Sprint("gone", i)
		require.NoError(t, q.Memory.Put(t.Context(), consent.Captured{
			Message: analytics.Track{Event: "e", UserId: "stays1", MessageId: id, Timestamp: at}, States: []consent.State{granted},
			Necessary: []consent.Claim{{Why: "w", Destinations: []string{"Gone"}}}, At: time.Now(),
		}))
		taken[id] = "gone"
	}
	stats := put.Stats()
	require.EqualValues(t, len(taken)-5, stats.Queued)
	require.EqualValues(t, len(refused), stats.Refused)
	require.Zero(t, stats.Pending())

	var mu sync.Mutex
	suppressed := map[string]bool{}
	var graves grave
	lives, sums, slow := 0, queue.Stats{}, time.Duration(1)
	for deadline := time.Now().Add(5 * time.Minute); q.Len() > 0; lives++ {
		left := q.Len()
		require.True(t, time.Now().Before(deadline), "%d are left", left)
		config := fake.Config()
		config.Interval, config.BatchSize, config.Logger = 2*time.Millisecond, 1+r.IntN(20), silent{}
		config.RetryAfter = func(int) time.Duration { return time.Millisecond }
		client, err := consent.NewSegment(fake.WriteKey(), config, policy, &consent.Options{OnOutcome: func(m analytics.Message, o consent.Outcome) {
			if o.Result == consent.Suppressed {
				mu.Lock()
				defer mu.Unlock()
				suppressed[m.(analytics.Track).MessageId] = true
			}
		}})
		require.NoError(t, err)
		worker, err := queue.NewWorker(queue.Options{
			Queue: q, Client: client, Answers: &answers, DeadLetter: graves.keep, MaxAttempts: 1000, MaxHeld: 50,
			Backoff: func(int) time.Duration { return time.Millisecond }, Extend: 50 * time.Millisecond, Grace: time.Nanosecond,
		})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), slow*time.Duration(10+r.IntN(60))*time.Millisecond)
		_ = worker.Run(ctx)
		cancel()
		s := worker.Stats()
		require.Equal(t, s.Received, s.Sent+s.Suppressed+s.Retried+s.Dead+s.Again+s.Forgotten+s.Held)
		sums.Received, sums.Held, sums.Retried = sums.Received+s.Received, sums.Held+s.Held, sums.Retried+s.Retried
		_, _ = client.Shutdown(ctx) // as if the process died: what is on its way is given up
		if slow = 1 + slow/2; q.Len() == left {
			slow *= 4 // a busy machine does nothing in so short a life
		}
	}

	arrived, dead := map[string]bool{}, map[string]bool{}
	for _, a := range fake.Arrivals() {
		var m struct{ MessageID, UserID string }
		require.NoError(t, json.Unmarshal(a.JSON, &m))
		require.False(t, arrived[m.MessageID], "Segment keeps one of each id")
		require.Contains(t, taken, m.MessageID, "what Enqueue refused or suppressed does not arrive")
		arrived[m.MessageID] = true
	}
	for _, d := range graves.dead {
		e, err := d.Delivery.Envelope()
		require.NoError(t, err)
		require.ErrorIs(t, d.Err, consent.ErrNecessary)
		dead[e.MessageID] = true
	}
	for id, user := range taken {
		switch user[:4] {
		case "stay", "part":
			require.True(t, arrived[id], "%s of %s", id, user)
		case "with":
			require.True(t, suppressed[id], "%s of %s", id, user)
			require.False(t, arrived[id])
		default:
			require.True(t, dead[id], "%s of %s", id, user)
		}
	}
	require.Len(t, dead, 5)
	for _, a := range fake.Inbox("Facebook Pixel") {
		var m struct{ UserID string }
		require.NoError(t, json.Unmarshal(a.JSON, &m))
		require.Regexp(t, "^stays", m.UserID)
	}
	require.NotEmpty(t, fake.Inbox("Amplitude"))
	require.Greater(t, lives, 3)
	require.NotZero(t, sums.Held, "no worker was ended with something in flight")
	require.NotZero(t, sums.Retried)
	t.Logf("%d taken, %d refused, %d arrived, %d suppressed, %d lives, %+v", len(taken), len(refused), len(arrived), len(suppressed), lives, sums)
}
