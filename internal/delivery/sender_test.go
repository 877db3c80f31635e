package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestShutdownRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusServiceUnavailable), status(http.StatusOK))
		s, told := newSender(t, wire, nil)
		send(t, s, 10)
		lost, err := s.Shutdown(within(t, 10*time.Second))
		require.NoError(t, err)
		require.Zero(t, lost)
		require.Equal(t, 10, wire.total())
		told.require(t, 10, 0)
	})
}

// analytics-go would drop a batch that waits for its next attempt when Shutdown is called.
func TestShutdownRetriesWaitingBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusTooManyRequests, "Retry-After", "3"), status(http.StatusOK))
		s, told := newSender(t, wire, nil)
		send(t, s, 10)
		time.Sleep(6 * time.Second) // the interval is 5
		require.Len(t, wire.times(), 1)
		lost, err := s.Shutdown(within(t, 10*time.Second))
		require.NoError(t, err)
		require.Zero(t, lost)
		require.Equal(t, 3*time.Second, wire.times()[1].Sub(wire.times()[0]), "as the server asks")
		told.require(t, 10, 0)
	})
}

func TestRetryAfterIsBoundedByTheDeadline(t *testing.T) {
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			wire := answers(status(http.StatusServiceUnavailable, "Retry-After", "60"), status(http.StatusOK))
			s, told := newSender(t, wire, nil)
			send(t, s, 1)
			if waits { // before Shutdown is called
				time.Sleep(6 * time.Second)
			}
			lost, err := s.Shutdown(within(t, 10*time.Second))
			require.NoError(t, err)
			require.Zero(t, lost)
			told.require(t, 1, 0)
		})
	}
}

// A batch is still sent if it takes longer than the ten seconds that analytics-go gives a request.
func TestAttemptsOutliveTheTimeoutOfAnalyticsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(stuck(time.Minute), status(http.StatusServiceUnavailable, "Retry-After", "20"), status(http.StatusOK))
		s, told := newSender(t, wire, nil)
		send(t, s, 3)
		require.NoError(t, s.Flush(t.Context()))
		require.Len(t, wire.times(), 3)
		require.Equal(t, 3, wire.total())
		told.require(t, 3, 0)
		require.NoError(t, s.Close())
		time.Sleep(time.Minute) // the transport that was given up
	})
}

func TestShutdownEndsInTime(t *testing.T) {
	for name, wire := range map[string]*script{
		"unavailable": answers(status(http.StatusServiceUnavailable)),
		"stuck":       answers(stuck(time.Hour)),
		"switching": answers(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 101, Body: endless{}}, nil
		}),
		"endless": answers(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 500, Body: endless{}}, nil
		}),
	} {
		synctest.Test(t, func(t *testing.T) {
			s, told := newSender(t, wire, func(c *Config) { c.Segment.BatchSize = 10 })
			send(t, s, 500)
			start := time.Now()
			lost, err := s.Shutdown(within(t, 2*time.Second))
			require.Equal(t, 500, lost, name)
			if name == "unavailable" || name == "switching" { // the tenth attempt is made shortly before
				require.NoError(t, err)
				require.Greater(t, time.Since(start), time.Second)
				require.Less(t, time.Since(start), 2*time.Second)
			} else {
				require.ErrorIs(t, err, context.DeadlineExceeded, name)
				require.Equal(t, 2*time.Second, time.Since(start), name)
			}
			told.require(t, 0, 500)
			time.Sleep(time.Hour) // stuck transports
		})
	}
}

// endless is a body that has no end and ignores Close.
type endless struct{}

func (endless) Read([]byte) (int, error) { time.Sleep(time.Minute); return 0, errors.New("end") }
func (endless) Close() error             { return nil }

func TestShutdownWithADoneContextSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusOK))
		s, told := newSender(t, wire, nil)
		send(t, s, 5)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		lost, err := s.Shutdown(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 5, lost)
		told.require(t, 0, 5)
		require.ErrorIs(t, told.told[0], errAborted)
		require.Empty(t, wire.times())
	})
}

func TestGivenUpMessageHasEarlierError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, told := newSender(t, answers(status(http.StatusServiceUnavailable)), nil)
		send(t, s, 1)
		ctx, cancel := context.WithCancel(t.Context()) // no deadline that is known before
		time.AfterFunc(time.Second, cancel)
		_, err := s.Shutdown(ctx)
		require.ErrorIs(t, err, context.Canceled)
		told.require(t, 0, 1)
		require.ErrorIs(t, told.told[0], errAborted)
		require.ErrorContains(t, told.told[0], "503")
	})
}

func TestCloseMakesOneMoreAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusServiceUnavailable, "Retry-After", "60"))
		s, told := newSender(t, wire, func(c *Config) { c.Segment.BatchSize = 2 })
		send(t, s, 3)
		synctest.Wait() // two have failed once
		start := time.Now()
		require.NoError(t, s.Close())
		require.Zero(t, time.Since(start))
		require.Len(t, wire.times(), 3)
		told.require(t, 0, 3)
		require.ErrorIs(t, s.Close(), analytics.ErrClosed)
		lost, err := s.Shutdown(t.Context())
		require.ErrorIs(t, err, analytics.ErrClosed)
		require.Zero(t, lost)
	})
}

func TestTenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusInternalServerError))
		s, told := newSender(t, wire, nil)
		send(t, s, 1)
		require.NoError(t, s.Flush(t.Context()))
		require.Len(t, wire.times(), 10)
		require.Equal(t, 200*time.Millisecond, wire.times()[2].Sub(wire.times()[1]))
		require.Equal(t, 10*time.Second, wire.times()[9].Sub(wire.times()[8]))
		told.require(t, 0, 1)
		require.NoError(t, s.Close())
	})
}

func TestFlushSendsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusOK))
		s, told := newSender(t, wire, nil)
		start := time.Now()
		send(t, s, 300)
		require.NoError(t, s.Flush(t.Context()))
		require.Zero(t, time.Since(start))
		told.require(t, 300, 0)
		require.Len(t, wire.times(), 2, "of 250 and 50")

		send(t, s, 1)
		time.Sleep(analytics.DefaultInterval - time.Millisecond)
		synctest.Wait()
		require.Len(t, wire.times(), 2)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.Len(t, wire.times(), 3, "without a Flush, at the interval")
		require.NoError(t, s.Close())
	})
}

func TestFlushDoesNotWaitForLaterMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := make(chan struct{})
		wire := answers(stuck(time.Second), func(r *http.Request) (*http.Response, error) {
			<-later
			return status(http.StatusOK)(r)
		})
		s, told := newSender(t, wire, nil)
		send(t, s, 2)
		flushed := make(chan error, 1)
		go func() { flushed <- s.Flush(t.Context()) }()
		synctest.Wait()
		send(t, s, 3)
		go func() { _ = s.Flush(t.Context()) }()
		require.NoError(t, <-flushed)
		told.require(t, 2, 0)
		close(later)
		require.NoError(t, s.Close())
		told.require(t, 5, 0)
	})
}

// When Flush returns, the outcomes of what its goroutine sent before are told. In the end the sums
// are exact.
func TestFlushWithConcurrentCalls(t *testing.T) {
	for range 20 {
		wire := answers(status(http.StatusOK))
		var mine [8]atomic.Int64
		s, told := newSender(t, wire, func(c *Config) {
			c.Segment.BatchSize, c.Segment.Interval = 3, time.Millisecond
			tell := c.Tell
			c.Tell = func(m analytics.Message, err error) {
				mine[m.(analytics.Track).UserId[0]-'0'].Add(1)
				tell(m, err)
			}
		})
		var wg sync.WaitGroup
		var refused, accepted, behind atomic.Int64
		lostAndError := make(chan string, 1)
		for worker := range mine {
			wg.Go(func() {
				own := int64(0)
				for range 50 {
					m := track()
					*m.UserID = string(rune('0' + worker))
					if _, err := s.Send(m, NotFrozen); err != nil {
						refused.Add(1)
						continue
					}
					accepted.Add(1)
					own++
					if _ = s.Flush(context.Background()); mine[worker].Load() != own {
						behind.Add(1)
					}
				}
			})
		}
		wg.Go(func() {
			for accepted.Load() < 100 {
				runtime.Gosched()
			}
			lost, err := s.Shutdown(context.Background())
			lostAndError <- fmt.Sprint(lost, err)
		})
		wg.Wait()
		require.Equal(t, "0 <nil>", <-lostAndError)
		require.Zero(t, behind.Load())
		require.EqualValues(t, 400, refused.Load()+accepted.Load())
		told.require(t, int(accepted.Load()), 0)
		require.EqualValues(t, accepted.Load(), wire.total())
	}
}

func TestShutdownWakesWaitingSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(stuck(time.Hour))
		s, told := newSender(t, wire, func(c *Config) { c.MaxPending, c.Wait = 2, time.Hour })
		send(t, s, 2)
		waiting := make(chan error, 20)
		for range cap(waiting) {
			go func() {
				_, err := s.Send(track(), NotFrozen)
				waiting <- err
			}()
		}
		synctest.Wait()
		start := time.Now()
		lost, err := s.Shutdown(within(t, time.Second))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 2, lost)
		require.Equal(t, time.Second, time.Since(start))
		for range cap(waiting) {
			require.ErrorIs(t, <-waiting, analytics.ErrClosed)
		}
		told.require(t, 0, 2)
		time.Sleep(time.Hour)
	})
}

func TestCallbackEndsItsGoroutine(t *testing.T) {
	for _, code := range []int{http.StatusOK, http.StatusBadRequest} {
		synctest.Test(t, func(t *testing.T) {
			var told atomic.Int64
			s, counted := newSender(t, answers(status(code)), func(c *Config) {
				c.Tell = func(analytics.Message, error) { told.Add(1); runtime.Goexit() }
			})
			send(t, s, 10)
			require.NoError(t, s.Flush(t.Context()))
			require.EqualValues(t, 10, told.Load())
			require.Equal(t, 10, counted.delivered+counted.failed)
			require.NoError(t, s.Close())
		})
	}
}

func TestShutdownCountsWhatACallbackHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s, counted := newSender(t, answers(status(http.StatusOK)), func(c *Config) {
			c.Tell = func(analytics.Message, error) { <-release }
		})
		send(t, s, 10)
		start := time.Now()
		lost, err := s.Shutdown(within(t, 2*time.Second))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, lost, "all were delivered, though not all are told")
		require.Equal(t, 10, counted.delivered)
		require.Equal(t, 3*time.Second, time.Since(start))
		close(release)
	})
}

func TestTransportsThatMisbehave(t *testing.T) {
	for name, c := range map[string]struct {
		answer    func(*http.Request) (*http.Response, error)
		delivered bool
		err       string
	}{
		"no body": {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, true, ""},
		"endless body": {func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: endless{}}, nil
		}, true, ""},
		"no body, 500":      {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 500}, nil }, false, "500"},
		"nothing":           {func(*http.Request) (*http.Response, error) { return nil, nil }, false, "neither a response nor an error"},
		"panic":             {func(*http.Request) (*http.Response, error) { panic("secret") }, false, "panicked with a string"},
		"exit":              {func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }, false, "ended its goroutine"},
		"switching":         {status(http.StatusSwitchingProtocols), false, "101"},
		"no status":         {func(*http.Request) (*http.Response, error) { return &http.Response{}, nil }, false, "answered 0"},
		"moved":             {status(301, "Location", "http://elsewhere"), false, "301"},
		"found":             {status(302, "Location", "http://elsewhere"), false, "302"},
		"see other":         {status(303, "Location", "http://elsewhere"), false, "303"},
		"not modified":      {status(304), false, "304"},
		"temporary":         {status(307, "Location", "http://elsewhere"), false, "307"},
		"permanent":         {status(308, "Location", "http://elsewhere"), false, "308"},
		"nowhere":           {status(302), false, "302"},
		"error with secret": {func(*http.Request) (*http.Response, error) { return nil, errors.New("malformed response \"secret\"") }, false, "*errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := answers(c.answer)
				s, told := newSender(t, wire, nil)
				send(t, s, 2)
				require.NoError(t, s.Flush(t.Context()))
				require.NoError(t, s.Close())
				time.Sleep(time.Hour) // bodies without an end
				if c.delivered {
					told.require(t, 2, 0)
					require.Len(t, wire.times(), 1)
					return
				}
				told.require(t, 0, 2)
				require.Len(t, wire.times(), 10, "and no request elsewhere")
				require.ErrorContains(t, told.told[0], c.err)
				for _, text := range []string{told.told[0].Error(), told.logged.String()} {
					for _, hidden := range []string{"secret", "server\n", "of the server", "elsewhere", "somebody"} {
						require.NotContains(t, text, hidden)
					}
				}
			})
		})
	}
}

func TestRequestsInProgressAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(stuck(time.Second))
		s, told := newSender(t, wire, func(c *Config) { c.Segment.BatchSize = 1 })
		send(t, s, 2500) // analytics-go drops what is past 1,000
		require.NoError(t, s.Flush(t.Context()))
		told.require(t, 2500, 0)
		require.Equal(t, maxUnderway, wire.busiest())
		require.NoError(t, s.Close())
	})
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		s, told := newSender(t, answers(stuck(time.Hour)), func(c *Config) { c.MaxPendingBytes = 16 << 20 })
		before, accepted := heap(), 0
		for range 10_000 {
			m := track()
			*m.Object = map[string]any{"text": strings.Repeat("a", 30_000)}
			if _, err := s.Send(m, NotFrozen); err != nil {
				require.ErrorIs(t, err, ErrFull)
				continue
			}
			accepted++
		}
		require.InDelta(t, 16<<20/30_000, accepted, 30)
		require.Less(t, heap()-before, uint64(48<<20), "with the JSON of ten requests")
		lost, err := s.Shutdown(within(t, time.Second))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, accepted, lost)
		told.require(t, 0, accepted)
		time.Sleep(time.Hour)
	})
}

// An idle Sender has no goroutine, though nobody closed it: synctest.Test fails if one is left
// in its bubble.
func TestNoGoroutineIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSender(t, answers(status(http.StatusOK)), nil)
		send(t, s, 1000)
		require.NoError(t, s.Flush(t.Context()))
	})
}
