package jetstream

import (
	"context"
	"fmt"

	"github.com/go-consent/segment/consent/queue"
)

// Receive implements [queue.Queue]. The error may be an [ErrDown] or [ErrClosed], too.
func (q *Queue) Receive(ctx context.Context, max int) ([]queue.Delivery, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(q.closing, cancel)()
	l, err := q.enter()
	if err != nil {
		return nil, err
	}
	defer q.leave(l)
	for {
		all, err := q.receive(ctx, l, min(max, mostAsked))
		switch {
		case len(all) > 0:
			return all, nil
		case q.closing.Err() != nil:
			return nil, ErrClosed
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			q.hop()
			return nil, fmt.Errorf("%w: %w", ErrDown, err)
		case q.local != nil:
			_ = q.bringBack(ctx) // else when the next request ends
		}
	}
}

// receive waits for the first message on a lane, and returns those that come with it. It may
// return none.
func (q *Queue) receive(ctx context.Context, l *lane, max int) (all []queue.Delivery, err error) {
	if err := l.ask(q.conn, q.o.Name, max); err != nil {
		return nil, err
	}
	for len(all) < max && l.open > 0 {
		m, err := l.next(ctx, len(all) > 0)
		if m == nil {
			return all, err
		}
		d, err := newDelivery(q, m)
		if err != nil {
			return all, err
		}
		if q.forgotten.has(m.Subject, d.sequence) {
			_ = d.Ack(ctx) // it is gone from most of the cluster
			continue
		}
		if d.attempt > 1 {
			q.counters.redelivered.Add(1)
		}
		all = append(all, d)
	}
	return all, nil
}
