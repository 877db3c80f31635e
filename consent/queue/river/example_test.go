package river_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/river"
)

// A checkout commits the order and its event together, or neither.
func ExampleWithTx() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://shop@localhost/shop")
	if err != nil {
		panic(err)
	}
	q, err := river.Open(ctx, river.Options{Pool: pool})
	if err != nil {
		panic(err)
	}
	tracker := consent.NewQueued(q, policy, nil)

	http.HandleFunc("POST /checkout", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context() // has the visitor's answer, from the middleware
		tx, err := pool.Begin(ctx)
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		defer tx.Rollback(ctx)
		_, err = tx.Exec(ctx, "INSERT INTO orders (customer) VALUES ($1)", "u1")
		if err == nil {
			err = tracker.For(river.WithTx(ctx, tx)).Enqueue(analytics.Track{Event: "Order Completed", UserId: "u1"})
		}
		if err == nil {
			err = tx.Commit(ctx)
		}
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
}

// A process that delivers.
func ExampleOpen() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://shop@localhost/shop")
	if err != nil {
		panic(err)
	}
	if err := river.Migrate(ctx, pool, ""); err != nil { // or with River's own command
		panic(err)
	}
	q, err := river.Open(ctx, river.Options{Pool: pool})
	if err != nil {
		panic(err)
	}
	client, err := consent.NewSegment("write key", analytics.Config{}, policy, nil)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	worker, err := queue.NewWorker(queue.Options{
		Queue: q, Client: client, Answers: record{}, // a ledger
		DeadLetter: func(ctx context.Context, d queue.Dead) error {
			_, err := pool.Exec(ctx, "INSERT INTO dead_letters (why) VALUES ($1)", d.Err.Error())
			return err
		},
	})
	if err != nil {
		panic(err)
	}
	_ = worker.Run(ctx)
}

// Without a database there is nothing to open.
func ExampleOpen_error() {
	_, err := river.Open(context.Background(), river.Options{})
	fmt.Println(err)
	// Output: river: bad configuration: no Pool
}
