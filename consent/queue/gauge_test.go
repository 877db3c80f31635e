package queue_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue"
)

func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		begun := time.Now()
		require := require.New(t)
		check := func(waiting, inFlight uint64, oldest time.Time) {
			t.Helper()
			got, err := b.worker.Backlog(t.Context())
			require.NoError(err)
			require.Equal(queue.Backlog{Waiting: waiting, InFlight: inFlight, Oldest: oldest}, got)
			require.Equal(waiting+inFlight, got.Depth())
		}
		check(0, 0, time.Time{})
		b.enqueue(t, "u1", "m1")
		time.Sleep(time.Second)
		b.enqueue(t, "u2", "m2")
		check(2, 0, begun)
		d, err := b.memory.Receive(t.Context(), 1)
		require.NoError(err)
		check(1, 1, begun)
		require.NoError(d[0].Retry(t.Context(), time.Hour))
		check(2, 0, begun)
		time.Sleep(2 * time.Hour)
		d, err = b.memory.Receive(t.Context(), 1)
		require.NoError(err)
		time.Sleep(time.Minute)
		check(2, 0, begun) // the lease is over
		require.NoError(d[0].Extend(t.Context()))
		check(1, 1, begun)
		require.NoError(d[0].Ack(t.Context()))
		check(1, 0, begun.Add(time.Second))
	})
}

func TestAge(t *testing.T) {
	now := time.Now()
	require.Zero(t, queue.Backlog{}.Age(now))
	require.Equal(t, time.Hour, queue.Backlog{Oldest: now.Add(-time.Hour)}.Age(now))
	require.Zero(t, queue.Backlog{Oldest: now.Add(time.Hour)}.Age(now), "of another clock")
}

func TestBacklogOfAQueueThatIsNoGauge(t *testing.T) {
	b := newBench(t, func(o *queue.Options) { o.Queue = &scripted{} })
	_, err := b.worker.Backlog(context.Background())
	require.True(t, errors.Is(err, errors.ErrUnsupported), err)
	require.ErrorContains(t, err, "scripted")
}
