package river_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/river"
)

func ordered(i int) analytics.Track {
	return analytics.Track{
		UserId: fmt.Sprint("user-", i), Event: "Order Completed",
		Properties: analytics.NewProperties().SetOrderId("o1").SetTotal(24.90).SetCurrency("EUR"),
		Context:    &analytics.Context{Locale: "de", UserAgent: "Mozilla/5.0"},
	}
}

// BenchmarkPut is the time of an event when so many goroutines put one each at a time, and the
// bytes that it takes in the database, indexes included.
func BenchmarkPut(b *testing.B) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			q, pool := open(b, nil)
			client := consent.NewQueued(q, policy, nil).With(granted)
			b.ResetTimer()
			share(b.N, goroutines, func(i int) {
				if err := client.Enqueue(ordered(i)); err != nil {
					b.Error(err)
				}
			})
			b.StopTimer()
			var size int64
			require.NoError(b, pool.QueryRow(context.Background(), "SELECT pg_total_relation_size('river_job')").Scan(&size))
			b.ReportMetric(float64(size)/float64(b.N), "B/event")
		})
	}
}

// BenchmarkPutTx is the time of an event in a transaction of its own of the application.
func BenchmarkPutTx(b *testing.B) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			q, pool := open(b, nil)
			client := consent.NewQueued(q, policy, nil)
			b.ResetTimer()
			share(b.N, goroutines, func(i int) {
				tx, err := pool.Begin(context.Background())
				if err != nil {
					b.Error(err)
					return
				}
				ctx := consent.NewContext(river.WithTx(context.Background(), tx), granted)
				if err := client.For(ctx).Enqueue(ordered(i)); err != nil {
					b.Error(err)
				}
				if err := tx.Commit(context.Background()); err != nil {
					b.Error(err)
				}
			})
		})
	}
}

// BenchmarkDeliver is the time of an event from Receive to Ack, by a Worker, with a client that
// sends nothing.
func BenchmarkDeliver(b *testing.B) {
	q, pool := open(b, nil)
	client := consent.NewQueued(q, policy, nil).With(granted)
	share(b.N, 64, func(i int) {
		if err := client.Enqueue(ordered(i)); err != nil {
			b.Error(err)
		}
	})
	worker, err := queue.NewWorker(queue.Options{
		Queue: q, Client: consent.New(consent.Discard, policy, nil), Answers: record{}, DeadLetter: new(grave).keep,
	})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	var over sync.WaitGroup
	b.ResetTimer()
	over.Go(func() { _ = worker.Run(ctx) })
	for worker.Stats().Sent < uint64(b.N) {
		time.Sleep(100 * time.Microsecond)
	}
	b.StopTimer()
	cancel()
	over.Wait()
	require.Zero(b, jobs(b, pool))
}

// BenchmarkReceiveAck is the time of an event from Receive to Ack, for so many goroutines.
func BenchmarkReceiveAck(b *testing.B) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			q, _ := open(b, nil)
			client := consent.NewQueued(q, policy, nil).With(granted)
			share(b.N, 64, func(i int) {
				if err := client.Enqueue(ordered(i)); err != nil {
					b.Error(err)
				}
			})
			left := atomic.Int64{}
			left.Store(int64(b.N))
			b.ResetTimer()
			share(goroutines, goroutines, func(int) {
				for left.Load() > 0 {
					ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
					all, _ := q.Receive(ctx, 50)
					cancel()
					for _, d := range all {
						if err := d.Ack(context.Background()); err != nil {
							b.Error(err)
						}
						left.Add(-1)
					}
				}
			})
		})
	}
}
