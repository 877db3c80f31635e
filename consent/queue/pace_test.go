package queue_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

// A clocked client notes when it was given a message.
type clocked struct {
	sink
	at []time.Duration
}

func (c *clocked) Enqueue(m analytics.Message) error {
	c.mu.Lock()
	c.at = append(c.at, time.Since(begun))
	c.mu.Unlock()
	return c.sink.Enqueue(m)
}

var begun = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of every synctest

// Never do more than twice the rate leave within a second, nor more than the rate after that.
func TestRate(t *testing.T) {
	for rate, took := range map[int]time.Duration{0: 1400 * time.Millisecond, 100: 11 * time.Second, 600: time.Second} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var next clocked
				b := newBench(t, func(o *queue.Options) { o.Rate, o.Client = rate, consent.New(&next, policy, nil) })
				for i := range 1200 {
					b.enqueue(t, "u", fmt.Sprint(i))
				}
				b.run(t, time.Minute)
				require.Len(t, next.at, 1200)
				require.Equal(t, took, next.at[1199].Round(100*time.Millisecond))
				if rate == 0 {
					rate = 500
				}
				require.LessOrEqual(t, next.at[rate-1], 10*time.Millisecond, "those of a second at once")
				for i := 2 * rate; i < len(next.at); i++ {
					require.GreaterOrEqual(t, next.at[i]-next.at[i-2*rate], time.Second)
				}
				b.requireStats(t, queue.Stats{Received: 1200, Sent: 1200})
			})
		})
	}
}

// A limiting transport is a Segment that answers 429 until it recovers.
type limiting struct {
	until time.Duration
	after string // Retry-After

	mu       sync.Mutex
	requests []time.Duration
	messages []int // of each
}

func (l *limiting) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent struct{ Batch []json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests, l.messages = append(l.requests, time.Since(begun)), append(l.messages, len(sent.Batch))
	response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(`{}`)))}
	if time.Since(begun) < l.until {
		response.StatusCode = http.StatusTooManyRequests
		if l.after != "" {
			response.Header.Set("Retry-After", l.after)
		}
	}
	return response, nil
}

// After an answer of 429 nothing is decided about until Retry-After has passed: what is
// withdrawn meanwhile does not leave.
func TestTooManyRequestsStopTheWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &limiting{until: 30 * time.Second, after: "60"}
		b := newBench(t, func(o *queue.Options) { o.Client = newSegment(t, wire) })
		var asked atomic.Int32
		b.record.before = func() { asked.Add(1) }
		b.enqueue(t, "first", "0") // leaves after 5 seconds, the Interval of analytics-go
		time.AfterFunc(10*time.Second, func() {
			for i := range 100 {
				b.enqueue(t, fmt.Sprint("u", i), fmt.Sprint("m", i))
			}
		})
		time.AfterFunc(60*time.Second, func() {
			require.EqualValues(t, 1, asked.Load())
			require.Equal(t, begun.Add(65*time.Second), b.worker.LimitedUntil().UTC())
			b.record.set("u7", denied)
		})
		b.run(t, 5*time.Minute)
		require.Equal(t, []time.Duration{5 * time.Second, 65 * time.Second}, wire.requests[:2])
		b.requireStats(t, queue.Stats{Received: 101, Sent: 100, Suppressed: 1, Limited: 1})
	})
}

// Without a Retry-After the wait grows, and messages that analytics-go gives up come again.
func TestTooManyRequestsForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &limiting{until: 10 * time.Minute}
		b := newBench(t, func(o *queue.Options) { o.Client = newSegment(t, wire) })
		for i := range 300 {
			b.enqueue(t, "u", fmt.Sprint(i))
		}
		b.run(t, time.Hour)
		for i, at := range wire.requests[1:] {
			if before := wire.requests[i]; before > time.Minute && before < wire.until && at != before {
				require.GreaterOrEqual(t, at-before, 10*time.Second, "requests of all batches")
			}
		}
		require.Empty(t, b.grave.dead)
		require.EqualValues(t, 300, b.worker.Stats().Sent)
	})
}

// Who is told to stop gives back at once what the client does not have.
func TestStoppingGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var next clocked
		ctx, stop := context.WithCancel(t.Context())
		b := newBench(t, func(o *queue.Options) { o.Rate, o.Client = 20, consent.New(&next, policy, nil) })
		for i := range 100 {
			b.enqueue(t, "u", fmt.Sprint(i))
		}
		time.AfterFunc(time.Second+time.Millisecond, stop)
		require.ErrorIs(t, b.worker.Run(ctx), context.Canceled)
		require.Equal(t, time.Second+time.Millisecond, time.Since(begun), "without Grace")
		require.Len(t, next.at, 40)
		b.requireStats(t, queue.Stats{Received: 100, Sent: 40, Retried: 60})
		again, err := b.memory.Receive(t.Context(), 100)
		require.NoError(t, err)
		require.Len(t, again, 60)
	})
}

// Run makes the client send what it has, and does not wait for its Interval.
func TestStoppingSendsWhatTheClientHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &limiting{}
		b := newBench(t, func(o *queue.Options) { o.Client = newSegment(t, wire) })
		b.enqueue(t, "u", "m")
		b.run(t, time.Second)
		require.Equal(t, time.Second, time.Since(begun))
		b.requireStats(t, queue.Stats{Received: 1, Sent: 1})
		require.Zero(t, b.memory.Len())
	})
}
