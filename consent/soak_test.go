package consent_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// TestSoak loads one client from 64 goroutines with every type of message, for
// random visitors, while the server goes from fault to fault. In the end every
// message has had one outcome, the server has what was delivered and no more, and
// goroutines and memory are back where they were.
//
// CONSENT_SOAK is how long it runs, 3s by default.
func TestSoak(t *testing.T) {
	length := 3 * time.Second
	if s := os.Getenv("CONSENT_SOAK"); s != "" {
		var err error
		length, err = time.ParseDuration(s)
		require.NoError(t, err)
	}
	server := newFlaky(t)
	goroutines, heap := resources()

	var told [4]atomic.Int64
	options := &consent.Options{
		MaxPending: 5000, Wait: 10 * time.Millisecond,
		OnOutcome: func(_ analytics.Message, o consent.Outcome) {
			for i, r := range []consent.Result{consent.Delivered, consent.Failed, consent.Suppressed, consent.Refused} {
				if o.Result == r {
					told[i].Add(1)
				}
			}
		},
	}
	config := quick(server.URL)
	config.Interval = 20 * time.Millisecond
	transport := config.Transport
	client, err := consent.NewSegment("key", config, policy, options)
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var wg sync.WaitGroup
	var returned [2]atomic.Int64 // nil, an error
	for worker := range 64 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 0))
			for n := 0; ctx.Err() == nil; n++ {
				visitor := client.With(randomAnswer(r))
				m := randomMessage(r, fmt.Sprint(worker, "-", n))
				switch n % 50 {
				case 7:
					m = nil
				case 17:
					m = analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"a": panics{}}}
				}
				if err := visitor.Enqueue(m); err == nil {
					returned[0].Add(1)
				} else {
					returned[1].Add(1)
				}
				if n%5 == 0 {
					time.Sleep(time.Millisecond) // as requests do
				}
			}
		})
	}
	step := max(length/40, 400*time.Millisecond)
	for f := fault(1); ctx.Err() == nil; f++ {
		server.set(f % faults)
		select {
		case <-time.After(step):
		case <-ctx.Done():
		}
		server.set(noFault)
		select {
		case <-time.After(step / 2):
		case <-ctx.Done():
		}
	}
	wg.Wait()
	for _, last := range []fault{badRequest, noFault} { // on a slow machine too, one message fails and one arrives
		server.set(last)
		require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
		returned[0].Add(1)
		require.NoError(t, client.Flush(t.Context()))
	}

	down, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	lost, err := client.Shutdown(down)
	require.NoError(t, err)
	s := client.Stats()
	t.Logf("enqueued %d = delivered %d + failed %d + suppressed %d + refused %d; lost at shutdown %d", s.Enqueued, s.Delivered, s.Failed, s.Suppressed, s.Refused, lost)
	closed(t, s)
	require.EqualValues(t, s.Enqueued, returned[0].Load()+returned[1].Load())
	require.EqualValues(t, s.Refused, returned[1].Load())
	require.EqualValues(t, s.Delivered, told[0].Load())
	require.EqualValues(t, s.Failed, told[1].Load())
	require.EqualValues(t, s.Suppressed, told[2].Load())
	require.EqualValues(t, s.Refused, told[3].Load())
	require.EqualValues(t, s.Delivered, server.taken.Load())
	for _, n := range []uint64{s.Delivered, s.Failed, s.Suppressed, s.Refused} {
		require.NotZero(t, n, "the soak did not come to every outcome")
	}

	transport.(interface{ CloseIdleConnections() }).CloseIdleConnections()
	server.CloseClientConnections()
	after, used := settled(goroutines)
	t.Logf("goroutines %d before, %d after; heap %d KiB before, %d KiB after", goroutines, after, heap/1024, used/1024)
	require.LessOrEqual(t, after, goroutines)
	require.Less(t, used, heap+8<<20)
}

func resources() (goroutines int, heap uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

// settled waits until there are no more goroutines than before, or a while.
func settled(before int) (goroutines int, heap uint64) {
	for range 6000 { // a minute
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return resources()
}
