package snowplow_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/snowplow"
)

// through returns a client that sends with the function.
func through(t *testing.T, send transport, o *consent.Options) *consent.Client {
	t.Helper()
	cl, err := snowplow.New(snowplow.Config{Collector: "https://c.example", Transport: send}, router, policy, o)
	require.NoError(t, err)
	return cl
}

func answer(r *http.Request, status int) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: status, Body: http.NoBody}, err
}

// enqueue sends one request after the other.
func enqueue(t *testing.T, cl *consent.Client, n int) {
	t.Helper()
	for range n {
		require.NoError(t, cl.With(accept).Enqueue(track))
		synctest.Wait()
	}
}

func TestFlushWaitsForWhatWasEnqueuedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{}, 10)
		var told atomic.Int64
		cl := through(t, func(r *http.Request) (*http.Response, error) { <-release; return answer(r, 200) },
			&consent.Options{OnOutcome: func(analytics.Message, consent.Outcome) {
				told.Add(1)
				runtime.Goexit()
			}})
		require.NoError(t, cl.Flush(t.Context()), "there is nothing")
		enqueue(t, cl, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, cl.Flush(ctx), context.DeadlineExceeded)
		flushed := make(chan error, 1)
		go func() { flushed <- cl.Flush(t.Context()) }()
		synctest.Wait()
		enqueue(t, cl, 1) // does not delay it
		release <- struct{}{}
		synctest.Wait()
		require.Empty(t, flushed)
		for len(flushed) == 0 {
			release <- struct{}{}
			synctest.Wait()
		}
		require.NoError(t, <-flushed)
		require.GreaterOrEqual(t, told.Load(), int64(2))
		close(release)
		require.NoError(t, cl.Close())
		require.EqualValues(t, 3, cl.Stats().Delivered)
		require.NoError(t, cl.Flush(t.Context()))
	})
}

func TestShutdown(t *testing.T) {
	hang := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }
	for name, c := range map[string]struct {
		send      transport
		within    time.Duration
		lost      int
		delivered int
		err       error
		why       string
	}{
		"in time":                {func(r *http.Request) (*http.Response, error) { return answer(r, 200) }, time.Second, 0, 7, nil, ""},
		"a collector that hangs": {hang, time.Second, 7, 0, context.DeadlineExceeded, "Shutdown ended before the event was sent"},
		"no time at all":         {hang, 0, 7, 0, context.DeadlineExceeded, "Shutdown ended before the event was sent"},
		"one that refuses":       {func(r *http.Request) (*http.Response, error) { return answer(r, 404) }, time.Second, 0, 0, nil, "the collector answered 404 Not Found"},
		"one that fails for ever": {func(r *http.Request) (*http.Response, error) { return answer(r, 503) }, time.Second, 7, 0, nil,
			"the collector answered 503 Service Unavailable"}, // ten times
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h heard
				cl := through(t, c.send, h.options())
				enqueue(t, cl, 7)
				ctx, cancel := context.WithTimeout(t.Context(), c.within)
				defer cancel()
				start := time.Now()
				lost, err := cl.Shutdown(ctx)
				require.LessOrEqual(t, time.Since(start), c.within+time.Second)
				require.ErrorIs(t, err, c.err)
				require.Equal(t, c.lost, lost)
				stats := cl.Stats()
				require.Zero(t, stats.Pending())
				require.EqualValues(t, c.delivered, stats.Delivered)
				require.EqualValues(t, 7-c.delivered, stats.Failed)
				require.Len(t, h.outcomes, 7)
				for _, o := range h.outcomes {
					if c.why != "" && o.Err.Error() != "Shutdown ended before the event was sent" {
						require.EqualError(t, o.Err, c.why)
					}
				}
				require.ErrorIs(t, cl.With(accept).Enqueue(track), analytics.ErrClosed)
				_, err = cl.Shutdown(t.Context())
				require.ErrorIs(t, err, analytics.ErrClosed)
				require.ErrorIs(t, cl.Close(), analytics.ErrClosed)
			})
		})
	}
}

// The next attempt does not wait for longer than there is time.
func TestShutdownTriesAgainInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		attempts := 0
		cl, err := snowplow.New(snowplow.Config{Collector: "https://c.example", RetryAfter: func(int) time.Duration { return time.Hour },
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				if attempts++; attempts == 1 {
					return answer(r, 503)
				}
				return answer(r, 200)
			})}, router, policy, nil)
		require.NoError(t, err)
		enqueue(t, cl, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		lost, err := cl.Shutdown(ctx)
		require.NoError(t, err)
		require.Zero(t, lost)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.EqualValues(t, 1, cl.Stats().Delivered)
	})
}

// An OnOutcome that hangs is not waited for.
func TestShutdownDoesNotWaitForOnOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		cl := through(t, func(r *http.Request) (*http.Response, error) { return answer(r, 200) },
			&consent.Options{OnOutcome: func(analytics.Message, consent.Outcome) { <-hang }})
		enqueue(t, cl, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		lost, err := cl.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, lost)
		close(hang)
	})
}
