package river_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue/river"
)

// TestNothingIsLostWhenPostgresCrashes ends Postgres in the middle of it, and starts it again.
// The Queue goes on. What was acknowledged a moment before may come once more, and nothing
// that was stored is lost.
func TestNothingIsLostWhenPostgresCrashes(t *testing.T) {
	p, err := newPostgres()
	skipWithout(t, err)
	defer p.remove()
	pool := connect(t, p.url("postgres"))
	require.NoError(t, river.Migrate(t.Context(), pool, ""))
	q, err := river.Open(t.Context(), river.Options{Pool: pool, Poll: poll, Lease: time.Second})
	require.NoError(t, err)

	var mu sync.Mutex
	stored, tried, acknowledged := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var running sync.WaitGroup
	for g := range 4 { // until the crash
		running.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprint(g, "-", i)
				mu.Lock()
				tried[id] = true
				mu.Unlock()
				if q.Put(t.Context(), captured(id, "u1")) != nil {
					return
				}
				mu.Lock()
				stored[id] = true
				mu.Unlock()
			}
		})
	}
	running.Go(func() {
		for {
			all, err := q.Receive(context.Background(), 1)
			if err != nil {
				return
			}
			e, err := all[0].Envelope()
			if err != nil || all[0].Ack(context.Background()) != nil {
				return
			}
			mu.Lock()
			acknowledged[e.MessageID] = true
			mu.Unlock()
		}
	})
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(stored) > 200 && len(acknowledged) > 50
	}, 30*time.Second, time.Millisecond)
	p.stop(syscall.SIGQUIT)
	running.Wait()
	require.NoError(t, p.start())
	pool.Reset() // a connection of before is an error, once

	came := map[string]bool{}
	for deadline := time.Now().Add(30 * time.Second); jobs(t, pool) > 0; {
		require.True(t, time.Now().Before(deadline))
		for _, d := range receive(t, q, 100) {
			e, err := d.Envelope()
			require.NoError(t, err)
			came[e.MessageID] = true
			require.NoError(t, d.Ack(t.Context()))
		}
	}
	again := 0
	for id := range stored {
		require.True(t, came[id] || acknowledged[id], "%s was stored, and is lost", id)
		if came[id] && acknowledged[id] {
			again++
		}
	}
	for id := range came {
		require.True(t, tried[id], id)
	}
	t.Logf("%d stored, %d acknowledged, of which %d came again", len(stored), len(acknowledged), again)
}
