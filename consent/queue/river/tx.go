package river

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A transaction is the value and the key of the contexts of WithTx.
type transaction struct{ tx pgx.Tx }

// WithTx returns a context with which Put puts into a transaction of the database of the
// Queue: the event exists if, and only if, the transaction commits.
//
//	tracker.For(river.WithTx(ctx, tx)).Enqueue(analytics.Track{...})
//
// A transaction is used from one goroutine at a time, and so is a Client that is bound to
// such a context. An event that is put when the transaction is over is an error. After an
// error of Put the transaction is as it was before, and the application decides whether it
// commits; but if the connection has failed, or Timeout was over, the transaction is lost,
// too. The Client's Stats count what is queued before it is known whether the transaction
// commits.
//
// Only Client.For has a context. With and Exempt end what For has begun: what their Clients
// send is put at once, and stays when the transaction is rolled back. A State of the
// application's own goes into the context, too:
//
//	tracker.For(consent.NewContext(river.WithTx(ctx, tx), state)).Enqueue(...)
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
