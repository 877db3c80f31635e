// A worker on River.
//
// The recipe is consent.go. Both middlewares go into Config.Middleware of every client of
// River, whether it inserts jobs or works them. The traps: the context of a worker has nothing
// of the request that inserted the job, and a job inserted without the middleware, or with
// another context than the request's, carries nothing. What such a job tracks is denied, and
// counts in Stats.Unbound; so are periodic jobs, which are nobody's. A unique job carries the
// answer of whoever inserted it first, so what one tracks has to be about one person. The
// answer is that of the moment when the job was inserted: ask the account again for jobs that
// wait for days.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

type shipment struct{}

func (shipment) Kind() string { return "ship" }

// A shipper tracks the order of each shipment.
type shipper struct {
	river.WorkerDefaults[shipment]
	client *consent.Client
}

func (s *shipper) Work(ctx context.Context, _ *river.Job[shipment]) error {
	return shop.Order(s.client.For(ctx))
}

var middleware = []rivertype.Middleware{carry, read}

func main() {
	client := shop.Open()
	defer shop.Close(client)
	if err := run(client); err != nil {
		log.Print(err)
	}
}

// run works jobs until the program is to stop, and waits for those that are under way.
func run(client *consent.Client) error {
	stopped, cancel := shop.Stopped()
	defer cancel()
	pool, err := pgxpool.New(stopped, os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer pool.Close()
	workers := river.NewWorkers()
	river.AddWorker(workers, &shipper{client: client})
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Middleware: middleware,
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
		Workers:    workers,
	})
	if err != nil {
		return err
	}
	if err := jobs.Start(context.Background()); err != nil {
		return err
	}
	<-stopped.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return jobs.Stop(ctx)
}
