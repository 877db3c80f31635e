package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
	"github.com/go-consent/segment/examples/shop/site"
)

// openEvents opens the queue of events in a directory, and says what is in it.
func openEvents(ctx context.Context, dir string, after time.Duration, out io.Writer) (*jetstream.Queue, *site.Queue, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	numbers, err := openIDs(dir)
	if err != nil {
		return nil, nil, err
	}
	engine, err := jetstream.Open(ctx, jetstream.Options{Dir: dir})
	if err != nil {
		return nil, nil, err
	}
	backlog, err := engine.Backlog(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, engine.Close())
	}
	fmt.Fprintf(out, "The queue in %s has %d events\n", dir, backlog.Depth())
	return engine, &site.Queue{
		Engine: engine, DeadLetter: deadLetters(filepath.Join(dir, "dead.jsonl")).keep, After: after,
		NewID: numbers.of, DeviceOf: numbers.deviceOf,
	}, nil
}

// deadLetters is a file with a line for each event that was given up, and why. They hold
// personal data, as all events do.
type deadLetters string

func (name deadLetters) keep(_ context.Context, d queue.Dead) (err error) {
	line := struct {
		Why   string
		Event *queue.Envelope `json:",omitempty"`
	}{Why: d.Err.Error()}
	if e, err := d.Delivery.Envelope(); err == nil {
		line.Event = &e
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(string(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(append(text, '\n')); err == nil {
		err = f.Sync() // the event is removed from the queue next
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
