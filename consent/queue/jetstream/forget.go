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
	var wrong []error
	for _, subject := range q.hashes.about(q.o.Name, p) {
		if err := q.stream.Purge(ctx, broker.WithPurgeSubject(subject)); err != nil {
			wrong = append(wrong, fmt.Errorf("%w: %w", ErrDown, err))
		}
	}
	return errors.Join(wrong...)
}
