package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Gauge is a [Queue] that can say how much is in it. An engine need not be one.
type Gauge interface {
	// Backlog counts what is in the Queue now, for all processes that share it. It receives
	// nothing. What was put, acknowledged or forgotten a moment ago may be counted wrongly.
	Backlog(ctx context.Context) (Backlog, error)
}

// A Backlog is what is in a [Queue].
type Backlog struct {
	// Waiting are the messages that nobody holds, those that wait for the time of a Retry
	// included.
	Waiting uint64
	// InFlight are the messages that were received and neither acknowledged nor given back. An
	// engine that cannot tell those that wait for the time of a Retry apart counts them here.
	InFlight uint64
	// Oldest is about when the oldest of them all was put, or the zero time if there is none.
	Oldest time.Time
}

// Depth returns how many messages are in the Queue.
func (b Backlog) Depth() uint64 { return b.Waiting + b.InFlight }

// Age returns how long the oldest message has been in the Queue, 0 if there is none.
func (b Backlog) Age(now time.Time) time.Duration {
	if b.Oldest.IsZero() {
		return 0
	}
	return max(now.Sub(b.Oldest), 0)
}

// Backlog returns what is in the Queue: see [Gauge]. If the Queue is none, the error is
// [errors.ErrUnsupported].
func (w *Worker) Backlog(ctx context.Context) (Backlog, error) {
	g, ok := w.o.Queue.(Gauge)
	if !ok {
		return Backlog{}, fmt.Errorf("queue: a %T does not count what is in it: %w", w.o.Queue, errors.ErrUnsupported)
	}
	return g.Backlog(ctx)
}
