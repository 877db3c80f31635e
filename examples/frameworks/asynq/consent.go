package main

import (
	"context"
	"log"

	"github.com/hibiken/asynq"

	"github.com/go-consent/segment/consent"
)

const header = "Consent-State"

// newTask takes the place of asynq.NewTask: the answer goes along with the task.
func newTask(ctx context.Context, kind string, payload []byte, o ...asynq.Option) *asynq.Task {
	headers := make(map[string]string)
	if text := consent.Text(ctx); text != "" {
		headers[header] = text
	}
	return asynq.NewTaskWithHeaders(kind, payload, headers, o...)
}

// read is for ServeMux.Use, where the tasks are done.
func read(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		if text, ok := task.Headers()[header]; ok {
			var err error
			if ctx, err = consent.WithText(ctx, text); err != nil {
				log.Print("consent: ", err) // the task is done, and what it tracks is denied
			}
		}
		return next.ProcessTask(ctx, task)
	})
}
