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

// A finishing client tells outcomes, and can be flushed and shut down.
type finishing struct {
	client
	flushed, shut int
}

func (f *finishing) Flush(ctx context.Context) error { f.flushed++; return ctx.Err() }

func (f *finishing) Shutdown(context.Context) (lost int, err error) { f.shut++; return 3, nil }

func TestTrackedClientIsFlushedAndShutDown(t *testing.T) {
	f := &finishing{client: client{enqueue: func(analytics.Message) error { return nil }}}
	w := Wrap(f)
	require.ErrorIs(t, w.Flush(t.Context()), ErrNotTracked, "it tells no outcomes")
	w.Tracked = true
	require.NoError(t, w.Flush(t.Context()))
	lost, err := w.Shutdown(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, lost)
	require.True(t, w.IsClosed())
	lost, err = w.Shutdown(t.Context())
	require.ErrorIs(t, err, analytics.ErrClosed)
	require.Zero(t, lost)
	require.ErrorIs(t, w.Close(), analytics.ErrClosed)
	_, err = w.Send(track(), NotFrozen)
	require.ErrorIs(t, err, analytics.ErrClosed)
	require.Equal(t, 1, f.flushed)
	require.Equal(t, 1, f.shut)
}

// Nobody knows how many messages were lost in a client that tells no outcomes.
func TestShutdownOfAnUntrackedClientIsItsClose(t *testing.T) {
	f := &finishing{client: client{close: func() error { return nil }}}
	lost, err := Wrap(f).Shutdown(t.Context())
	require.NoError(t, err)
	require.Equal(t, -1, lost)
	require.Zero(t, f.shut)
}
