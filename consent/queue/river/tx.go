package river

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ErrNoTx is the error of Put with a context of WithTx whose transaction is nil.
var ErrNoTx = errors.New("river: the transaction is nil")

// A transaction is the value and the key of the contexts of WithTx.
type transaction struct{ tx pgx.Tx }

// WithTx returns a context with which Put puts into a transaction of the database of the
// Queue: the event exists if, and only if, the transaction commits.
//
//	tracker.For(river.WithTx(ctx, tx)).Enqueue(analytics.Track{...})
//
// A transaction is used from one goroutine at a time, and so are these Clients. An event
// that is put when the transaction is over is an error. An error of Put leaves the transaction as it
// was, and the application decides whether it commits. (If it was the connection that
// failed, or Timeout was over, then the transaction is lost, too.) The Client's Stats count what is
// queued before it is known whether the transaction commits.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, transaction{}, transaction{tx})
}

// do calls f in a savepoint: after a statement that failed, a transaction takes no other.
func (t transaction) do(ctx context.Context, f func(pgx.Tx) error) error {
	if t.tx == nil {
		return ErrNoTx
	}
	if err := pgx.BeginFunc(ctx, t.tx, f); err != nil {
		return fmt.Errorf("river: Put: %w", err)
	}
	return nil
}
