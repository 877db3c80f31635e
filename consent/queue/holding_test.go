package queue_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue"
)

func TestHolding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := &blocking{release: make(chan struct{})}
		b := newBench(t, func(o *queue.Options) { o.Client = newSegment(t, block) })
		require.Empty(t, b.worker.Holding())
		b.enqueue(t, "u", "m1")
		time.Sleep(time.Minute)
		b.enqueue(t, "u", "m2")
		require.NoError(t, b.put.With(granted).Enqueue(analytics.Page{UserId: "u", MessageId: "m3"}))
		var held []queue.Holding
		time.AfterFunc(10*time.Second, func() {
			held = b.worker.Holding()
			close(block.release)
		})
		b.run(t, time.Minute)
		require.Len(t, held, 2)
		require.Equal(t, queue.Holding{Type: "page", Messages: 1, Oldest: held[0].Oldest, Attempts: 1}, held[0])
		require.Equal(t, queue.Holding{Type: "track", Messages: 2, Oldest: held[1].Oldest, Attempts: 1}, held[1])
		require.WithinDuration(t, begun.Add(time.Minute), held[0].Oldest, 0)
		require.WithinDuration(t, begun, held[1].Oldest, 0)
		require.Empty(t, b.worker.Holding())
		require.Empty(t, b.worker.Failures())
		require.Zero(t, b.worker.LimitedUntil())
	})
}

func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *queue.Options) { o.MaxAttempts = 2 })
		b.record.fail(errDown)
		b.enqueue(t, "u", "m")
		b.run(t, time.Minute)
		got := b.worker.Failures()
		require.Len(t, got, 2)
		for i, what := range []string{"Answers", "delivery"} {
			require.Equal(t, what, got[i].What)
			require.EqualValues(t, 2, got[i].Times)
			require.WithinDuration(t, begun.Add(time.Second), got[i].Last, 0)
		}
	})
}
