package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/go-consent/segment/consent"
)

const key = "consent_state" // in a job's metadata

// carry is for Config.Middleware of whoever inserts jobs: the answer goes along with each.
var carry = river.JobInsertMiddlewareFunc(func(ctx context.Context, jobs []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	text, _ := json.Marshal(consent.Text(ctx)) // a string always has a JSON form
	for _, job := range jobs {
		var metadata map[string]json.RawMessage
		if json.Unmarshal(job.Metadata, &metadata) != nil || metadata == nil {
			log.Print("consent: the metadata of a job is no object") // what it tracks is denied
		} else if _, ok := consent.Lookup(ctx); ok {
			metadata[key] = text
			job.Metadata, _ = json.Marshal(metadata) // it was JSON before
		}
	}
	return insert(ctx)
})

// read is for Config.Middleware of whoever works the jobs.
var read = river.WorkerMiddlewareFunc(func(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	var metadata map[string]json.RawMessage
	wrong := json.Unmarshal(job.Metadata, &metadata)
	if raw, ok := metadata[key]; ok || wrong != nil {
		var text string
		if ok {
			wrong = json.Unmarshal(raw, &text)
		}
		var err error
		ctx, err = consent.WithText(ctx, text)
		if err = errors.Join(wrong, err); err != nil {
			log.Print("consent: ", err) // the job is worked, and what it tracks is denied
		}
	}
	return work(ctx)
})
