package jetstream

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Stats are what this process has counted since Open.
type Stats struct {
	Put         uint64 // messages that were stored
	Redelivered uint64 // messages that were received, and had been before
	Warnings    uint64 // of the server in this process; a damaged file is one
	Reopened    uint64 // how often the server in this process was opened again
}

type counters struct{ put, redelivered, warnings, reopened atomic.Uint64 }

// Stats returns what was counted so far.
func (q *Queue) Stats() Stats {
	c := &q.counters
	return Stats{Put: c.put.Load(), Redelivered: c.redelivered.Load(), Warnings: c.warnings.Load(), Reopened: c.reopened.Load()}
}

// A Depth is what is in a queue, messages that were received and not acknowledged included.
type Depth struct {
	Messages uint64
	Bytes    uint64    // on each server
	Received int       // messages that some worker holds, or that wait for a Retry
	Oldest   time.Time // when the oldest message was put; zero: there is none
}

// Depth returns what is in the queue. The error may be an [ErrDown] or [ErrClosed].
func (q *Queue) Depth(ctx context.Context) (Depth, error) {
	if q.closing.Err() != nil {
		return Depth{}, ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	info, err := q.stream.Info(ctx)
	if err != nil {
		return Depth{}, fmt.Errorf("%w: %w", ErrDown, err)
	}
	consumer, err := q.stream.Consumer(ctx, consumerName)
	if err != nil {
		return Depth{}, fmt.Errorf("%w: %w", ErrDown, err)
	}
	d := Depth{Messages: info.State.Msgs, Bytes: info.State.Bytes, Received: consumer.CachedInfo().NumAckPending}
	if d.Messages > 0 {
		d.Oldest = info.State.FirstTime
	}
	return d, nil
}
