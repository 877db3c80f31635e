package jetstream

import (
	"context"

	"github.com/go-consent/segment/consent/queue"
)

var _ queue.Gauge = (*Queue)(nil)

// Backlog implements [queue.Gauge]. Messages that wait for the time of a Retry count as in
// flight: the broker does not tell them apart. The error may be an [ErrDown] or [ErrClosed].
func (q *Queue) Backlog(ctx context.Context) (queue.Backlog, error) {
	d, err := q.Depth(ctx)
	if err != nil {
		return queue.Backlog{}, err
	}
	received := min(uint64(d.Received), d.Messages) // they are counted one after the other
	return queue.Backlog{Waiting: d.Messages - received, InFlight: received, Oldest: d.Oldest}, nil
}
