package main

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
)

// work puts the task into a queue, and waits until a worker has done it.
func work(t *testing.T, mux *asynq.ServeMux, task *asynq.Task) {
	t.Helper()
	redis := asynq.RedisClientOpt{Addr: miniredis.RunT(t).Addr()}
	queue := asynq.NewClient(redis)
	defer queue.Close()
	done := make(chan error, 1)
	worker := asynq.NewServer(redis, asynq.Config{Concurrency: 1, LogLevel: asynq.FatalLevel, TaskCheckInterval: 10 * time.Millisecond})
	handler := asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		done <- mux.ProcessTask(ctx, task)
		return nil
	})
	if err := worker.Start(handler); err != nil {
		t.Fatal(err)
	}
	defer worker.Shutdown()
	if _, err := queue.Enqueue(task); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		work(t, tasks(client), newTask(consent.NewContext(t.Context(), v.State), ship, nil))
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		mux := asynq.NewServeMux()
		mux.HandleFunc(ship, func(ctx context.Context, _ *asynq.Task) error { return shop.Order(client.For(ctx)) })
		work(t, mux, newTask(consent.NewContext(t.Context(), v.State), ship, nil))
	})
}

func TestTaskWithoutTheAnswer(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		work(t, tasks(client), asynq.NewTask(ship, nil))
	})
}

func TestContextOfNoRequest(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		work(t, tasks(client), newTask(context.Background(), ship, nil))
	})
}

func TestMalformedAnswerIsDenied(t *testing.T) {
	shoptest.Denied(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		task := asynq.NewTaskWithHeaders(ship, nil, map[string]string{header: "yes"})
		if err := tasks(client).ProcessTask(t.Context(), task); err != nil {
			t.Error(err)
		}
	})
}
