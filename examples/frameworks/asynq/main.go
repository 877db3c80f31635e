// A worker on asynq.
//
// The recipe is consent.go. The traps: the context of a worker has nothing of the request
// that made the task, and asynq.NewTask takes none of it along. What such a task tracks is
// denied, and counts in Stats.Unbound. Headers of tasks need asynq v0.26; with an older one
// put consent.Text(ctx) into the payload. A task that is
// asynq.Unique carries the answer of whoever made it first, so what one tracks has to be about
// one person. The answer is that of the moment when the task was made: ask the account again
// for tasks that wait for days.
package main

import (
	"context"
	"log"

	"github.com/hibiken/asynq"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

const ship = "ship"

func tasks(client *consent.Client) *asynq.ServeMux {
	mux := asynq.NewServeMux()
	mux.Use(read)
	mux.HandleFunc(ship, func(ctx context.Context, _ *asynq.Task) error { return shop.Order(client.For(ctx)) })
	return mux
}

func main() {
	client := shop.Open()
	defer shop.Close(client)
	worker := asynq.NewServer(asynq.RedisClientOpt{Addr: "127.0.0.1:6379"}, asynq.Config{})
	if err := worker.Run(tasks(client)); err != nil { // ends on SIGTERM, when the tasks are done
		log.Print(err)
	}
}
