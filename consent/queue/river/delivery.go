package river

import (
	"context"
	"fmt"
	"time"

	"github.com/go-consent/segment/consent/queue"
)

// A delivery is a message that was received.
type delivery struct {
	queue   *Queue
	id      int64
	attempt int
	text    *string // nil if the job has no envelope
}

func (d *delivery) Envelope() (e queue.Envelope, err error) {
	if d.text == nil {
		return e, fmt.Errorf("%w: the job has none", queue.ErrEnvelope)
	}
	err = e.UnmarshalJSON([]byte(*d.text))
	return e, err
}

func (d *delivery) Attempt() int { return d.attempt }

// Ack removes the job: one that is completed would be kept for a day, and the personal data
// with it.
func (d *delivery) Ack(ctx context.Context) error {
	if _, err := d.queue.o.Pool.Exec(ctx, d.queue.sql.ack, d.queue.o.Name, d.id); err != nil {
		return fmt.Errorf("river: Ack: %w", err)
	}
	return nil
}

func (d *delivery) Retry(ctx context.Context, after time.Duration) error {
	return d.again(ctx, "Retry", after)
}

func (d *delivery) Extend(ctx context.Context) error {
	return d.again(ctx, "Extend", d.queue.o.Lease)
}

// again makes the job due after that time.
func (d *delivery) again(ctx context.Context, what string, after time.Duration) error {
	q := d.queue
	if _, err := q.o.Pool.Exec(ctx, q.sql.again, q.o.Name, d.id, d.attempt, after); err != nil {
		return fmt.Errorf("river: %s: %w", what, err)
	}
	return nil
}
