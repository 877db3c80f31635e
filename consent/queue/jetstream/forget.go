package jetstream

import (
	"context"
	"errors"
	"fmt"

	broker "github.com/nats-io/nats.go/jetstream"

	"github.com/go-consent/segment/consent/queue"
)

// Forget implements [queue.Queue]. The error may be an [ErrDown] or [ErrClosed]; some messages
// may be gone then, and it can be called again. It takes a minute at most: a server that has
// many messages of one person takes seconds.
func (q *Queue) Forget(ctx context.Context, p queue.Person) error {
	if q.closing.Err() != nil {
		return ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	subjects := q.hashes.about(q.o.Name, p)
	if q.local == nil && len(subjects) > 0 {
		now, err := q.stream.Info(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDown, err)
		}
		q.forgotten.add(subjects, now.State.LastSeq)
	}
	var wrong []error
	for _, subject := range subjects {
		if err := q.stream.Purge(ctx, broker.WithPurgeSubject(subject)); err != nil {
			wrong = append(wrong, fmt.Errorf("%w: %w", ErrDown, err))
		}
	}
	return errors.Join(wrong...)
}
