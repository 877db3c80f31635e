package delivery

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// Whatever goes wrong, and while others flush, wait or shut down, each accepted message is counted
// once and told once.
func TestEveryMessageIsAccountedFor(t *testing.T) {
	kinds := []func(*http.Request) (*http.Response, error){
		status(200), status(200), status(200), status(400), status(503, "Retry-After", "1"), status(307, "Location", "http://elsewhere"), status(101),
		stuck(time.Second), stuck(30 * time.Second),
		func(*http.Request) (*http.Response, error) { return nil, errors.New("down") },
		func(*http.Request) (*http.Response, error) { return nil, nil },
		func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: endless{}}, nil
		},
		func(*http.Request) (*http.Response, error) { panic("transport") },
		func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil },
	}
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			wire := answers()
			for range 200 {
				wire.answers = append(wire.answers, kinds[r.IntN(len(kinds))])
			}
			var told, accepted, refused atomic.Int64
			s, counted := newSender(t, wire, func(c *Config) {
				c.MaxPending, c.Segment.BatchSize = 1+r.IntN(40), 1+r.IntN(10)
				c.Wait = time.Duration(r.IntN(3)) * time.Second
				c.Segment.Interval = time.Duration(1+r.IntN(1000)) * time.Millisecond
				c.Tell = func(analytics.Message, error) {
					if told.Add(1)%3 == 0 {
						runtime.Goexit()
					}
				}
			})
			var wg sync.WaitGroup
			for worker := range 6 {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, uint64(worker)+1))
					for range 30 {
						if _, err := s.Send(track(), NotFrozen); err == nil {
							accepted.Add(1)
						} else {
							refused.Add(1)
						}
						switch r.IntN(10) {
						case 0:
							ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(5000))*time.Millisecond)
							_ = s.Flush(ctx)
							cancel()
						case 1:
							time.Sleep(time.Duration(r.IntN(2000)) * time.Millisecond)
						}
					}
				})
			}
			time.Sleep(time.Duration(r.IntN(10_000)) * time.Millisecond)
			if r.IntN(4) == 0 {
				require.NoError(t, s.Close())
			} else {
				synctest.Wait() // what fails before Shutdown is not lost in it
				start, failed := time.Now(), s.failed.Load()
				lost, err := s.Shutdown(within(t, 3*time.Second))
				require.LessOrEqual(t, time.Since(start), 3*time.Second)
				require.True(t, err == nil || errors.Is(err, context.DeadlineExceeded))
				require.EqualValues(t, s.failed.Load()-failed, lost)
			}
			wg.Wait()
			synctest.Wait()
			require.EqualValues(t, 180, accepted.Load()+refused.Load())
			require.EqualValues(t, accepted.Load(), counted.delivered+counted.failed)
			require.EqualValues(t, accepted.Load(), told.Load())
			require.Zero(t, s.queue.uncounted.Load())
			require.Zero(t, s.queue.memory)
			time.Sleep(time.Hour) // transports and bodies that were given up
		})
	}
}
