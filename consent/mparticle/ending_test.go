package mparticle_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

func TestFlushEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, through(func(*http.Request) (*http.Response, error) { return response(503, ""), nil }), nil)
		require.NoError(t, client.Flush(t.Context()), "nothing waits")
		require.NoError(t, client.With(accept).Enqueue(track("u")))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, client.Flush(ctx), context.DeadlineExceeded)
		require.NoError(t, client.Close())
		require.EqualValues(t, 1, client.Stats().Failed)
	})
}

func TestCloseTriesOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		client := newClient(t, through(func(*http.Request) (*http.Response, error) {
			attempts++
			r := response(503, "")
			r.Header.Set("Retry-After", "200")
			return r, nil
		}), nil)
		require.NoError(t, client.With(accept).Enqueue(track("u")))
		time.Sleep(6 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, attempts)
		start := time.Now()
		require.NoError(t, client.Close())
		require.Equal(t, 2, attempts)
		require.Zero(t, time.Since(start))
		require.ErrorIs(t, client.Close(), analytics.ErrClosed)
		lost, err := client.Shutdown(t.Context())
		require.ErrorIs(t, err, analytics.ErrClosed)
		require.Zero(t, lost)
	})
}

func TestShutdownTriesUntilItsDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		failures int // of the server, before it answers with 202
		lost     int
	}{"it comes back": {3, 0}, "it stays away": {1000, 2}} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			client := newClient(t, through(func(*http.Request) (*http.Response, error) {
				if attempts++; attempts > c.failures {
					return response(202, ""), nil
				}
				r := response(503, "")
				r.Header.Set("Retry-After", "200")
				return r, nil
			}), nil)
			require.NoError(t, client.With(accept).Enqueue(track("u")))
			require.NoError(t, client.With(accept).Enqueue(track("v")))
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			defer cancel()
			lost, err := client.Shutdown(ctx)
			require.Equal(t, c.lost, lost, name)
			require.NoError(t, err, "each request has ten attempts at most, and they are over in time")
			require.EqualValues(t, c.lost, client.Stats().Failed)
			require.Zero(t, client.Stats().Pending())
			require.ErrorIs(t, client.Enqueue(track("u")), analytics.ErrClosed)
			require.ErrorIs(t, client.Close(), analytics.ErrClosed)
		})
	}
}

// After the deadline nothing leaves any more.
func TestShutdownThatIsOverSendsNothing(t *testing.T) {
	client := newClient(t, through(func(*http.Request) (*http.Response, error) {
		t.Error("a request left")
		return response(202, ""), nil
	}), nil)
	require.NoError(t, client.With(accept).Enqueue(track("u")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lost, err := client.Shutdown(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, lost)
	require.EqualValues(t, 1, client.Stats().Failed)
}
