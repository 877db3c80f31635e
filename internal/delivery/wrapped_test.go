package delivery

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

type client struct {
	enqueue func(analytics.Message) error
	close   func() error
}

func (c client) Enqueue(m analytics.Message) error { return c.enqueue(m) }
func (c client) Close() error                      { return c.close() }

func TestWrappedClientGetsValues(t *testing.T) {
	var got []analytics.Message
	w := Wrap(client{func(m analytics.Message) error { got = append(got, m); return nil }, func() error { return nil }})
	for _, given := range examples() {
		m, _ := Open(pointerTo(given))
		tracked, err := w.Send(m, NotFrozen)
		require.NoError(t, err)
		require.False(t, tracked)
	}
	require.Equal(t, examples(), got)
	require.ErrorIs(t, w.Flush(t.Context()), ErrNotTracked)
	require.NoError(t, w.Close())
	require.ErrorIs(t, w.Close(), analytics.ErrClosed)
	require.True(t, w.IsClosed())
	_, err := w.Send(track(), NotFrozen)
	require.ErrorIs(t, err, analytics.ErrClosed)
}

func TestShutdownOfAWrappedClient(t *testing.T) {
	refused := errors.New("no")
	for name, c := range map[string]struct {
		close func() error
		err   string
	}{
		"nil":   {func() error { return nil }, ""},
		"error": {func() error { return refused }, "no"},
		"late":  {func() error { time.Sleep(time.Hour); return nil }, context.DeadlineExceeded.Error()},
		"panic": {func() error { panic("secret") }, "panicked in Close with a string"},
		"exit":  {func() error { runtime.Goexit(); return nil }, "ended its goroutine"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := Wrap(client{close: c.close})
			start := time.Now()
			lost, err := w.Shutdown(within(t, time.Second))
			require.Equal(t, -1, lost, name)
			require.LessOrEqual(t, time.Since(start), time.Second, name)
			if c.err == "" {
				require.NoError(t, err, name)
			} else {
				require.ErrorContains(t, err, c.err, name)
			}
			time.Sleep(time.Hour)
			_, err = w.Shutdown(t.Context())
			require.ErrorIs(t, err, analytics.ErrClosed, name)
		})
	}
}

func TestClosedGateAdmitsNobody(t *testing.T) {
	for range 200 {
		g := gate{empty: make(chan struct{})}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if g.enter() {
					g.leave()
				}
			})
		}
		require.True(t, g.close())
		require.False(t, g.close())
		require.False(t, g.enter())
		wg.Wait()
		require.Zero(t, g.inside.Load())
	}
}
