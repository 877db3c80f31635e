package river

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/go-consent/segment/consent/queue"
)

// Backlog implements [queue.Gauge]. What waits for the time of a Retry counts as in flight. It
// reads an index: less than a second with a million messages.
func (q *Queue) Backlog(ctx context.Context) (queue.Backlog, error) {
	n, err := q.inside(ctx)
	if err != nil {
		return queue.Backlog{}, fmt.Errorf("river: Backlog: %w", err)
	}
	b := queue.Backlog{Waiting: uint64(n.due), InFlight: uint64(n.all - n.due)}
	if n.all > 0 {
		err = q.o.Pool.QueryRow(ctx, q.sql.oldest, q.o.Name, n.first).Scan(&b.Oldest)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) { // it may be gone meanwhile
			return queue.Backlog{}, fmt.Errorf("river: Backlog: %w", err)
		}
	}
	return b, nil
}
