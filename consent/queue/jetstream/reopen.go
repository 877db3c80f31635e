package jetstream

import (
	"context"
	"fmt"
	"time"
)

// fail notes that the server in this process does not store, and has it opened again.
func (q *Queue) fail(err error) {
	down := fmt.Errorf("%w, and is being opened again: %w", ErrDown, err)
	if q.down.CompareAndSwap(nil, &down) {
		select {
		case q.failed <- struct{}{}:
		default:
		}
	}
}

// How long is waited before a server that has failed again is opened.
const (
	shortest = 500 * time.Millisecond
	longest  = 30 * time.Second
)

// reopenAll opens the server again whenever it has failed, until the queue is closed. A disk
// that is full fails again and again, and each time it takes longer.
func (q *Queue) reopenAll() {
	var wait time.Duration
	var last time.Time
	for {
		select {
		case <-q.failed:
		case <-q.closing.Done():
			return
		}
		for {
			if time.Since(last) > 2*longest {
				wait = 0
			}
			select {
			case <-time.After(wait):
			case <-q.closing.Done():
				return
			}
			wait = min(max(2*wait, shortest), longest)
			if q.reopen() == nil {
				break
			}
		}
		last = time.Now()
	}
}

// reopen starts the server anew: what it has stored is in its files.
func (q *Queue) reopen() error {
	q.counters.reopened.Add(1)
	ctx, cancel := context.WithTimeout(q.closing, patience)
	defer cancel()
	q.local.stop()
	if err := q.local.start(ctx); err != nil {
		return err
	}
	if _, err := q.prepare(ctx); err != nil {
		return err
	}
	q.down.Store(nil)
	return nil
}
