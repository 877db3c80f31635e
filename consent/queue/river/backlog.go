package river

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Backlog counts what is in the Queue for all processes: the messages that are due, and those
// that are not, which were received or wait for the time of a Retry. Oldest is when the first
// of them all was put, or the zero time. It reads an index: less than a second with a million
// messages.
func (q *Queue) Backlog(ctx context.Context) (waiting, inFlight uint64, oldest time.Time, err error) {
	b, err := q.inside(ctx)
	if err != nil {
		return 0, 0, time.Time{}, fmt.Errorf("river: Backlog: %w", err)
	}
	if b.all > 0 {
		err = q.o.Pool.QueryRow(ctx, q.sql.oldest, q.o.Name, b.first).Scan(&oldest)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) { // it may be gone meanwhile
			return 0, 0, time.Time{}, fmt.Errorf("river: Backlog: %w", err)
		}
	}
	return uint64(b.due), uint64(b.all - b.due), oldest, nil
}
