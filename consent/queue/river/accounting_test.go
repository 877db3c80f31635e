package river_test

import (
	"context"
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
	"github.com/go-consent/segment/consent/queue/river"
)

// TestEveryMessageIsAccountedFor delivers to a Segment that fails now and then, with answers
// that are out of reach now and then, and ends the worker again and again in the middle of
// it. Every message that was put arrives, or was suppressed, or is a dead letter.
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
	for range 40 {
		fake.Script([]segmenttest.Fault{
			{}, {Status: 400}, {Status: 500}, {Status: 429}, {HalfResponse: true}, {Reset: true}, {Delay: 5 * time.Millisecond},
		}[r.IntN(7)])
	}
	q, pool := open(t, func(o *river.Options) { o.Lease = 500 * time.Millisecond })
	answers := record{states: map[string]consent.State{}}
	for user := range 10 {
		answers.states[fmt.Sprint("withdrew", user)] = denied
		answers.states[fmt.Sprint("partly", user)] = consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	}
	var mu sync.Mutex
	answers.down = func() bool {
		mu.Lock()
		defer mu.Unlock()
		return r.IntN(20) == 0
	}

	users := map[string]string{} // of message ids
	put := consent.NewQueued(q, policy, nil).With(granted)
	for i := range 300 {
		id, user := fmt.Sprint("m", i), fmt.Sprint([]string{"stays", "withdrew", "partly"}[r.IntN(3)], r.IntN(10))
		users[id] = user
	}
	share(300, 16, func(i int) {
		id := fmt.Sprint("m", i-1)
		if err := put.Enqueue(track(id, users[id])); err != nil {
			t.Error(err)
		}
	})
	for i := range 5 { // a policy of then named a destination that is gone
		c := captured(fmt.Sprint("gone", i), "gone")
		c.Necessary = []consent.Claim{{Why: "w", Destinations: []string{"Gone"}}}
		require.NoError(t, q.Put(t.Context(), c))
		users[fmt.Sprint("gone", i)] = "gone"
	}

	suppressed := map[string]bool{}
	var graves grave
	lives, sums := 0, queue.Stats{}
	for deadline := time.Now().Add(2 * time.Minute); jobs(t, pool) > 0; lives++ {
		require.True(t, time.Now().Before(deadline), "%d are left", jobs(t, pool))
		config := fake.Config()
		config.BatchSize, config.Logger = 1+r.IntN(20), silent{}
		client, err := consent.NewSegment(fake.WriteKey(), config, policy, &consent.Options{OnOutcome: func(m analytics.Message, o consent.Outcome) {
			if o.Result == consent.Suppressed {
				mu.Lock()
				defer mu.Unlock()
				suppressed[m.(analytics.Track).MessageId] = true
			}
		}})
		require.NoError(t, err)
		worker, err := queue.NewWorker(queue.Options{
			Queue: q, Client: client, Answers: answers, DeadLetter: graves.keep, MaxAttempts: 1000, MaxHeld: 50,
			Backoff: func(int) time.Duration { return time.Millisecond }, Extend: 100 * time.Millisecond, Grace: time.Nanosecond,
		})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(200+r.IntN(400))*time.Millisecond)
		_ = worker.Run(ctx)
		cancel()
		s := worker.Stats()
		require.Equal(t, s.Received, s.Sent+s.Suppressed+s.Retried+s.Dead+s.Again+s.Forgotten+s.Held)
		sums.Received, sums.Held, sums.Retried = sums.Received+s.Received, sums.Held+s.Held, sums.Retried+s.Retried
		_, _ = client.Shutdown(ctx) // as if the process died: what is on its way is given up
	}

	arrived := map[string]bool{}
	for _, a := range fake.Arrivals() {
		require.False(t, arrived[a.MessageID])
		arrived[a.MessageID] = true
	}
	for id, user := range users {
		switch user[:4] {
		case "with":
			require.True(t, suppressed[id] && !arrived[id], "%s of %s", id, user)
		case "gone":
			require.ErrorIs(t, graves.dead[id], consent.ErrNecessary)
		default:
			require.True(t, arrived[id], "%s of %s", id, user)
		}
	}
	require.Len(t, graves.dead, 5)
	for _, a := range fake.Inbox("Facebook Pixel") {
		require.Regexp(t, "^stays", userOf(t, a))
	}
	require.NotEmpty(t, fake.Inbox("Amplitude"))
	require.NotZero(t, sums.Held, "no worker was ended with something in flight")
	require.NotZero(t, sums.Retried)
	t.Logf("%d put, %d arrived, %d suppressed, %d lives, %+v", len(users), len(arrived), len(suppressed), lives, sums)
}
