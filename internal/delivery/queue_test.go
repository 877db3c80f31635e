package delivery

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// collector does not start batches, it only keeps them.
type collector struct {
	mu      sync.Mutex
	started []*batch
}

func (c *collector) start(b *batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started = append(c.started, b)
}

func (c *collector) lengths() (all []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.started {
		all = append(all, len(b.items))
	}
	return all
}

func someLimits() limits {
	return limits{pending: 10, memory: 1000, batch: 4, size: 100, underway: 2, interval: time.Minute}
}

func TestBatchesAreFullOrDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c collector
		q := newQueue(someLimits(), c.start)
		for range 5 {
			require.NoError(t, q.put(item{size: 1}, 0))
		}
		require.Equal(t, []int{4}, c.lengths(), "full")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []int{4, 1}, c.lengths(), "after the interval")
		for range 4 {
			require.NoError(t, q.put(item{size: 1}, 0))
		}
		require.Len(t, c.lengths(), 2, "two are under way")
		q.sent()
		require.Equal(t, []int{4, 1, 4}, c.lengths())
	})
}

func TestBatchesAreNotTooLarge(t *testing.T) {
	var c collector
	q := newQueue(someLimits(), c.start)
	for range 3 {
		require.NoError(t, q.put(item{size: 40}, 0))
	}
	require.Equal(t, []int{2}, c.lengths())
	q.flush()
	require.Equal(t, []int{2, 1}, c.lengths())
	q.sent()
	require.NoError(t, q.put(item{size: 500}, 0), "larger than a batch")
	q.flush()
	require.Equal(t, []int{2, 1, 1}, c.lengths())
}

func TestPendingMessagesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c collector
		q := newQueue(someLimits(), c.start)
		require.NoError(t, q.put(item{memory: 600}, 0))
		require.ErrorIs(t, q.put(item{memory: 500}, 0), ErrFull, "bytes")
		require.NoError(t, q.put(item{memory: 400}, 0))
		for range 8 {
			require.NoError(t, q.put(item{}, 0))
		}
		require.ErrorIs(t, q.put(item{}, 0), ErrFull, "messages")
		start := time.Now()
		require.ErrorIs(t, q.put(item{}, time.Second), ErrFull)
		require.Equal(t, time.Second, time.Since(start))
		q.settled(c.started[0].items[0])
		require.NoError(t, q.put(item{}, 0))
	})
}

// Of the waiting ones, the first gets the place. One that gives up lets the next in.
func TestApplicantsAreAdmittedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c collector
		q := newQueue(limits{pending: 3, memory: 100, batch: 1, size: 100, underway: 10, interval: time.Minute}, c.start)
		require.NoError(t, q.put(item{memory: 50}, 0))
		require.NoError(t, q.put(item{memory: 40}, 0))
		big, small := make(chan error, 1), make(chan error, 1)
		go func() { big <- q.put(item{memory: 90}, time.Second) }()
		synctest.Wait()
		go func() { small <- q.put(item{memory: 10}, time.Hour) }()
		synctest.Wait()
		require.Empty(t, small, "though there is room for it")
		require.ErrorIs(t, <-big, ErrFull)
		require.NoError(t, <-small)
	})
}

func TestAllWaitingApplicantsAreAdmitted(t *testing.T) {
	for range 20 {
		var q *queue
		var told sync.WaitGroup
		q = newQueue(limits{pending: 2, memory: 100, batch: 1, size: 100, underway: 10, interval: time.Minute}, func(b *batch) {
			told.Go(func() {
				q.sent()
				for _, i := range b.items {
					q.settled(i)
				}
			})
		})
		var wg sync.WaitGroup
		failed := make(chan error, 50)
		for range 50 {
			wg.Go(func() { failed <- q.put(item{memory: rand.IntN(100)}, time.Hour) })
		}
		wg.Wait()
		for range 50 {
			require.NoError(t, <-failed)
		}
		require.True(t, q.close(func() {}))
		require.False(t, q.close(func() {}))
		<-q.empty
		told.Wait()
		require.Zero(t, q.pending)
		require.Zero(t, q.memory)
		require.Empty(t, q.groups)
		require.ErrorIs(t, q.put(item{}, time.Hour), analytics.ErrClosed)
	}
}
