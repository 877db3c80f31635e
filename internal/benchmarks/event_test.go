package benchmarks

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// The cost of a decision about 10 to 1,000 destinations, for an answer that was seen before.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		s := newSite(n)
		b.Run(fmt.Sprintf("destinations=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.policy.Decide(s.visitor)
			}
		})
	}
}

// A discarding client takes everything.
type discard struct{}

func (discard) Enqueue(analytics.Message) error { return nil }
func (discard) Close() error                    { return nil }

// own is a custom client. The compiler must not know its type, or it would leave out the copy of
// the message that every such client is given.
var own analytics.Client = discard{}

// last is a client that keeps what it was given.
type last struct{ m analytics.Message }

func (l *last) Enqueue(m analytics.Message) error { l.m = m; return nil }
func (l *last) Close() error                      { return nil }

func sameJSON(t testing.TB, want, got any) {
	t.Helper()
	w, err := json.Marshal(want)
	require.NoError(t, err)
	g, err := json.Marshal(got)
	require.NoError(t, err)
	require.Equal(t, string(w), string(g))
}

// What the library adds to Enqueue, with a custom client and with analytics-go. The alternative
// adds the same stamp by hand. A custom client may write to what it is given, so it gets copies,
// whose cost alone is impl=copies. With analytics-go the messages wait in the queue, and sending
// them is not counted.
func BenchmarkEnqueue(b *testing.B) {
	for asked, s := range visitors() {
		var l last
		require.NoError(b, consent.New(&l, s.policy, nil).With(s.visitor).Enqueue(order()))
		sameJSON(b, s.stamp(order()), l.m)

		m := order()
		b.Run("asked="+asked+"/impl=alternative", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				own.Enqueue(s.stamp(m))
			}
		})
		b.Run("asked="+asked+"/impl=copies", func(b *testing.B) {
			ready := s.stamp(m)
			b.ReportAllocs()
			for b.Loop() {
				m := m
				m.Integrations = maps.Clone(ready.Integrations)
				m.Context = &analytics.Context{Extra: maps.Clone(ready.Context.Extra)}
				own.Enqueue(m)
			}
		})
		b.Run("asked="+asked+"/impl=library", func(b *testing.B) {
			client := consent.New(own, s.policy, nil)
			b.ReportAllocs()
			for b.Loop() {
				client.With(s.visitor).Enqueue(m)
			}
		})
		b.Run("asked="+asked+"/impl=segment", func(b *testing.B) { benchmarkQueue(b, s, m) })
	}
}

func benchmarkQueue(b *testing.B, s site, m analytics.Track) {
	url, _ := collector(b)
	client, err := consent.NewSegment("key", analytics.Config{
		Endpoint: url, Interval: time.Hour, BatchSize: 10_000, Logger: silent{},
	}, s.policy, &consent.Options{MaxPendingBytes: 1 << 30})
	require.NoError(b, err)
	visitor := client.With(s.visitor)
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		if n%500 == 499 { // before a batch is full
			b.StopTimer()
			require.NoError(b, client.Flush(b.Context()))
			b.StartTimer()
		}
		visitor.Enqueue(m)
	}
	b.StopTimer()
	require.NoError(b, client.Close())
}

// The same from 1 to 16 goroutines at once. The time is that of all of them together, so with n
// cores it may fall to an nth.
func BenchmarkParallel(b *testing.B) {
	s := newSite(20)
	m := order()
	library := consent.New(own, s.policy, nil)
	for _, n := range []int{1, 2, 4, 8, 16} {
		for _, c := range []struct {
			impl    string
			enqueue func() error
		}{
			{"alternative", func() error { return own.Enqueue(s.stamp(m)) }},
			{"library", func() error { return library.With(s.visitor).Enqueue(m) }},
		} {
			b.Run(fmt.Sprintf("goroutines=%d/impl=%s", n, c.impl), func(b *testing.B) {
				b.ReportAllocs()
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				for range n {
					wg.Go(func() {
						for left.Add(-64) > -64 {
							for range 64 {
								c.enqueue()
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

// A collector is a loopback server that takes every batch.
func collector(t testing.TB) (url string, received *atomic.Int64) {
	received = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		received.Add(n)
	}))
	t.Cleanup(server.Close)
	return server.URL, received
}

type silent struct{}

func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}

// The cost of an event on its whole way to a server, through the real analytics-go. The
// alternatives stamp by hand: the same bytes, or every destination by name.
func BenchmarkWire(b *testing.B) {
	for asked, s := range visitors() {
		b.Run("asked="+asked, func(b *testing.B) { benchmarkWire(b, s) })
	}
}

func benchmarkWire(b *testing.B, s site) {
	m := order()
	config := func(url string) analytics.Config {
		return analytics.Config{Endpoint: url, Interval: time.Second, Logger: silent{}}
	}
	byHand := func(b *testing.B, stamp func(analytics.Track) analytics.Track) {
		url, received := collector(b)
		client, err := analytics.NewWithConfig("key", config(url))
		require.NoError(b, err)
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			client.Enqueue(stamp(m))
		}
		client.Close()
		b.ReportMetric(float64(received.Load())/float64(b.N), "wire-B/op")
	}
	b.Run("impl=naive", func(b *testing.B) { byHand(b, s.naive) })
	b.Run("impl=alternative", func(b *testing.B) { byHand(b, s.stamp) })
	b.Run("impl=library", func(b *testing.B) {
		url, received := collector(b)
		client, err := consent.NewSegment("key", config(url), s.policy, &consent.Options{Wait: time.Hour})
		require.NoError(b, err)
		visitor := client.With(s.visitor)
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			visitor.Enqueue(m)
		}
		client.Close()
		b.ReportMetric(float64(received.Load())/float64(b.N), "wire-B/op")
	})
}
