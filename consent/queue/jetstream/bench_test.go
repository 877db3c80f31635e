//go:build unix

package jetstream_test

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
)

// processor returns what processors this process has used.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs f as often as b says, from some goroutines. It reports the time of processors, too,
// which says more on a machine that does other things.
func measure(b *testing.B, goroutines int, f func(i int64)) {
	b.ReportAllocs()
	var next atomic.Int64
	var all sync.WaitGroup
	before := processor()
	b.ResetTimer()
	for range goroutines {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				f(i)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkPut(b *testing.B) {
	where := map[string]func(b *testing.B) jetstream.Options{
		"embedded": func(b *testing.B) jetstream.Options { return jetstream.Options{Dir: b.TempDir()} },
		"synced":   func(b *testing.B) jetstream.Options { return jetstream.Options{Dir: b.TempDir(), Synced: true} },
		"cluster":  func(b *testing.B) jetstream.Options { return newCluster(b).options("bench") },
	}
	for _, name := range []string{"embedded", "synced", "cluster"} {
		for _, goroutines := range []int{1, 32, 64} {
			b.Run(fmt.Sprintf("%s/goroutines=%d", name, goroutines), func(b *testing.B) {
				o := where[name](b)
				o.MaxBytes = 20 << 30
				q := open(b, o)
				var all []consent.Captured
				for i := range 1000 {
					all = append(all, captured(fmt.Sprint("message", i), fmt.Sprint("user", i), fmt.Sprint("anonymous", i)))
				}
				measure(b, goroutines, func(i int64) {
					if err := q.Put(b.Context(), all[i%1000]); err != nil {
						b.Error(err)
					}
				})
				d, err := q.Depth(b.Context())
				require.NoError(b, err)
				b.ReportMetric(float64(d.Bytes)/float64(d.Messages), "disk-B/event")
			})
		}
	}
}

// What an event costs in Put before the broker.
func BenchmarkSeal(b *testing.B) {
	c := captured("m", "u", "a")
	measure(b, 1, func(int64) {
		e, err := queue.Seal(c)
		if err == nil {
			_, err = e.MarshalJSON()
		}
		if err != nil {
			b.Error(err)
		}
	})
}

func BenchmarkReceiveAndAck(b *testing.B) {
	q := open(b, jetstream.Options{Dir: b.TempDir(), MaxBytes: 20 << 30})
	for i := range b.N {
		put(b, q, captured(fmt.Sprint(i), "u", "a"))
	}
	var waiting chan queue.Delivery = make(chan queue.Delivery, 1000)
	go func() {
		for {
			all, err := q.Receive(b.Context(), 250)
			if err != nil {
				return
			}
			for _, d := range all {
				waiting <- d
			}
		}
	}()
	measure(b, 4, func(int64) {
		d := <-waiting
		if _, err := d.Envelope(); err != nil {
			b.Error(err)
		}
		if err := d.Ack(b.Context()); err != nil {
			b.Error(err)
		}
	})
}

// A person among 300,000 events.
func BenchmarkForget(b *testing.B) {
	if os.Getenv("JETSTREAM_LARGE") == "" {
		b.Skip("JETSTREAM_LARGE is not set")
	}
	q := open(b, jetstream.Options{Dir: b.TempDir(), MaxBytes: 20 << 30})
	fill(b, q, 300_000)
	i := 0
	for b.Loop() {
		i++
		if err := q.Forget(b.Context(), queue.Person{UserID: fmt.Sprint("user", i*7), AnonymousID: fmt.Sprint("anonymous", i*13)}); err != nil {
			b.Fatal(err)
		}
	}
}

// A million events: what they take of memory and disk, and how long Open takes.
func BenchmarkMillion(b *testing.B) {
	if os.Getenv("JETSTREAM_LARGE") == "" {
		b.Skip("JETSTREAM_LARGE is not set")
	}
	o := jetstream.Options{Dir: b.TempDir(), MaxBytes: 20 << 30}
	for range b.N {
		q := open(b, o)
		fill(b, q, 1_000_000)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		d, err := q.Depth(b.Context())
		require.NoError(b, err)
		require.NoError(b, q.Close())
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MiB")
		b.ReportMetric(float64(d.Bytes)/(1<<20), "disk-MiB")
		start := time.Now()
		open(b, o)
		b.ReportMetric(time.Since(start).Seconds(), "open-s")
	}
}

// fill puts n events about 100,000 people.
func fill(b testing.TB, q *jetstream.Queue, n int64) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := next.Add(1); i <= n; i = next.Add(1) {
				if err := q.Put(b.Context(), captured(fmt.Sprint("message", i), fmt.Sprint("user", i%100_000), fmt.Sprint("anonymous", i%100_000))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}
