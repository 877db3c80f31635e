package jetstream_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
)

// A withdrawing person has every hundredth event, 1000 at most.
const withdrawing = "withdraws"

// A leaver is where events leave, and the answers that let them.
type leaver struct {
	mu         sync.Mutex
	withdrawn  time.Time // zero: not yet
	left       int       // events of the person
	after      int       // of those, after the withdrawal
	last       time.Time // of those
	suppressed int
	changed    chan struct{} // has room for one
}

func (l *leaver) Current(_ context.Context, userID, _ string) (consent.State, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if userID == withdrawing && !l.withdrawn.IsZero() {
		return consenttest.Deny("analytics", "advertising"), l.withdrawn, nil
	}
	return consenttest.Grant("analytics", "advertising"), time.Time{}, nil
}

func (l *leaver) Enqueue(m analytics.Message) error {
	if m.(analytics.Track).UserId == withdrawing {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.left++
		if !l.withdrawn.IsZero() {
			l.after++
			l.last = time.Now()
		}
		l.tell()
	}
	return nil
}

func (l *leaver) Close() error { return nil }

func (l *leaver) outcome(m analytics.Message, o consent.Outcome) {
	if o.Result == consent.Suppressed && m.(analytics.Track).UserId == withdrawing {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.suppressed++
		l.tell()
	}
}

func (l *leaver) tell() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// await waits until the counts are so.
func (l *leaver) await(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.After(time.Minute); ; {
		l.mu.Lock()
		done := so()
		l.mu.Unlock()
		if done {
			return
		}
		select {
		case <-l.changed:
		case <-end:
			require.FailNow(t, "it did not come to that")
		}
	}
}

// TestWithdrawalAmongManyQueued: a person withdraws while many events are queued. However many there are, nothing is looked up or removed for
// that: the answer is asked when an event leaves, so the withdrawal counts from the moment that
// the answers give it, and at most the one event that is being decided about leaves after it.
// Forget, for an erasure, takes as long as it takes to remove the person's events.
//
// CONSENT_QUEUED says how many, 20,000 unless it is set.
func TestWithdrawalAmongManyQueued(t *testing.T) {
	queued := int(numberIn(t, "CONSENT_QUEUED", 20_000))
	every := max(100, queued/1000)
	q, err := jetstream.Open(t.Context(), jetstream.Options{Dir: t.TempDir(), MaxBytes: 8 << 30, Timeout: time.Minute})
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()

	begun := time.Now()
	tracker := consent.NewQueued(q, killPolicy, nil).With(consenttest.Grant("analytics", "advertising"))
	var next atomic.Int64
	var producers sync.WaitGroup
	for range 32 {
		producers.Go(func() {
			for n := next.Add(1); n <= int64(queued); n = next.Add(1) {
				m := analytics.Track{Event: "Order Completed", UserId: fmt.Sprint("u", n%5000), Properties: analytics.NewProperties().SetTotal(24.90)}
				if n%int64(every) == 0 {
					m.UserId = withdrawing
				}
				if tracker.Enqueue(m) != nil {
					return
				}
			}
		})
	}
	producers.Wait()
	require.EqualValues(t, queued, tracker.Stats().Queued)
	put := time.Since(begun)

	l := &leaver{changed: make(chan struct{}, 1)}
	worker, err := queue.NewWorker(queue.Options{
		Queue: q, Client: consent.New(l, killPolicy, &consent.Options{OnOutcome: l.outcome}), Answers: l, Rate: 1 << 20,
		DeadLetter: func(context.Context, queue.Dead) error { return nil },
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); _ = worker.Run(ctx) }()
	l.await(t, func() bool { return l.left >= 20 })
	l.mu.Lock()
	l.withdrawn = time.Now()
	l.mu.Unlock()
	l.await(t, func() bool { return l.suppressed >= 20 })
	stop()
	<-over
	require.LessOrEqual(t, l.after, 1, "what was being decided about")
	var counts time.Duration
	if l.after > 0 {
		counts = l.last.Sub(l.withdrawn)
	}

	before, err := q.Depth(t.Context())
	require.NoError(t, err)
	begun = time.Now()
	require.NoError(t, worker.Forget(t.Context(), queue.Person{UserID: withdrawing}))
	forgotten := time.Since(begun)
	after, err := q.Depth(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, queued/every-l.left-l.suppressed, before.Messages-after.Messages)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	t.Logf("%d queued in %v (%v each), %d MB on disk, %d MB of heap in use; after the withdrawal %d of the person's left, the last after %v; Forget removed %d in %v",
		queued, put.Round(time.Millisecond), put/time.Duration(queued), before.Bytes>>20, memory.HeapInuse>>20, l.after, counts, before.Messages-after.Messages, forgotten)
}
