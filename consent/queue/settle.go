package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// settleAll settles messages until the Worker is over.
func (w *Worker) settleAll(over <-chan struct{}) {
	for {
		select {
		case s := <-w.done:
			w.settle(s.held, s.outcome)
		case <-over:
			return
		}
	}
}

// settle does with a message what its outcome asks for, and holds it no longer.
func (w *Worker) settle(h *held, o consent.Outcome) {
	defer func() { <-w.free }()
	switch o.Result {
	case "":
		w.counters.forgotten.Add(1)
		w.ack(h)
	case consent.Delivered, consent.Accepted, consent.Discarded:
		w.counters.sent.Add(1)
		w.ack(h)
	case consent.Suppressed:
		w.counters.suppressed.Add(1)
		w.ack(h)
	case consent.Failed:
		if o.Err == errStopped {
			w.retry(h, 0)
			return
		}
		w.failed("delivery", o.Err)
		if h.attempt >= w.o.MaxAttempts {
			w.bury(h, fmt.Errorf("%w: %w", ErrAttempts, o.Err))
		} else {
			w.retry(h, w.o.Backoff(h.attempt))
		}
	default:
		if isClients(o.Err) && h.attempt < w.o.MaxAttempts {
			w.failed("delivery", o.Err)
			w.retry(h, w.o.Backoff(h.attempt))
		} else {
			w.bury(h, o.Err)
		}
	}
}

// isClients reports whether the client refused a message for want of room, or since it is
// closed or none: the message is not at fault.
func isClients(err error) bool {
	return errors.Is(err, consent.ErrFull) || errors.Is(err, analytics.ErrClosed) || errors.Is(err, consent.ErrNoClient)
}

// release holds the message no longer, and returns all its deliveries.
func (w *Worker) release(h *held) []Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.held, h.id)
	return h.deliveries
}

// ack acknowledges first: what is released may be received again.
func (w *Worker) ack(h *held) {
	w.mu.Lock()
	known := h.deliveries
	w.mu.Unlock()
	for _, d := range known {
		w.call("Ack", d.Ack)
	}
	for _, d := range w.release(h)[len(known):] {
		w.call("Ack", d.Ack)
	}
}

func (w *Worker) retry(h *held, after time.Duration) {
	w.counters.retried.Add(1)
	for _, d := range w.release(h) {
		w.call("Retry", func(ctx context.Context) error { return d.Retry(ctx, after) })
	}
}

// bury gives a message up. If nobody takes it, it comes again.
func (w *Worker) bury(h *held, why error) {
	w.mu.Lock()
	d := h.deliveries[len(h.deliveries)-1]
	w.mu.Unlock()
	if !w.call("DeadLetter", func(ctx context.Context) error { return w.o.DeadLetter(ctx, Dead{d, why}) }) {
		w.retry(h, w.o.Backoff(h.attempt))
		return
	}
	w.counters.bury(why)
	w.ack(h)
}

// call calls the Queue or the application, and reports whether that went well.
func (w *Worker) call(name string, f func(context.Context) error) (ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), w.o.Timeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			w.failed(name, fmt.Errorf("a panic with a %T", r))
			ok = false
		}
	}()
	if err := f(ctx); err != nil {
		w.failed(name, err)
		return false
	}
	return true
}

// failed counts and tells what went wrong.
func (w *Worker) failed(what string, err error) {
	w.counters.failed.Add(1)
	w.failures.add(what)
	if w.o.OnError == nil {
		return
	}
	defer func() { _ = recover() }()
	w.o.OnError(fmt.Errorf("queue: %s: %w", what, err))
}

// extendAll extends the leases of what is held until the Worker is over.
func (w *Worker) extendAll(over <-chan struct{}) {
	ticker := time.NewTicker(w.o.Extend)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			return
		case <-ticker.C:
		}
		w.mu.Lock()
		var all []Delivery
		for _, h := range w.held {
			all = append(all, h.deliveries[len(h.deliveries)-1])
		}
		w.mu.Unlock()
		for _, d := range all {
			w.call("Extend", d.Extend)
		}
	}
}
