package river_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/river"
)

// The event exists if, and only if, the transaction commits.
func TestEventIsPartOfTheTransaction(t *testing.T) {
	q, pool := open(t, nil)
	tracker := consent.NewQueued(q, policy, nil)
	enqueue := func(tx pgx.Tx, id string) error {
		ctx := consent.NewContext(river.WithTx(t.Context(), tx), granted)
		return tracker.For(ctx).Enqueue(track(id, "u1"))
	}
	begin := func() pgx.Tx {
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // else a failure waits for it
		return tx
	}

	t.Run("rolled back", func(t *testing.T) {
		tx := begin()
		require.NoError(t, enqueue(tx, "1"))
		requireNothing(t, q)
		require.NoError(t, tx.Rollback(t.Context()))
		requireNothing(t, q)
		require.Zero(t, jobs(t, pool))
	})
	t.Run("committed", func(t *testing.T) {
		tx := begin()
		require.NoError(t, enqueue(tx, "2"))
		requireNothing(t, q)
		require.NoError(t, tx.Commit(t.Context()))
		all := receive(t, q, 10)
		require.Len(t, all, 1)
		e, err := all[0].Envelope()
		require.NoError(t, err)
		require.Equal(t, "2", e.MessageID)
		require.NoError(t, all[0].Ack(t.Context()))
	})
	t.Run("an event that is refused does not end the transaction", func(t *testing.T) {
		tx := begin()
		_, err := tx.Exec(t.Context(), "ALTER TABLE river_job ADD CONSTRAINT refuse CHECK (args->>'envelope' NOT LIKE '%refused%')")
		require.NoError(t, err)
		require.Error(t, enqueue(tx, "refused"))
		require.NoError(t, enqueue(tx, "3"))
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, 1, jobs(t, pool))
	})
	t.Run("over", func(t *testing.T) {
		tx := begin()
		require.NoError(t, tx.Commit(t.Context()))
		require.ErrorIs(t, enqueue(tx, "4"), pgx.ErrTxClosed)
		require.ErrorIs(t, enqueue(nil, "5"), river.ErrNoTx)
		require.Equal(t, 1, jobs(t, pool))
	})
	t.Run("a denied event is not stored", func(t *testing.T) {
		tx := begin()
		ctx := consent.NewContext(river.WithTx(t.Context(), tx), denied)
		require.NoError(t, tracker.For(ctx).Enqueue(track("6", "u1")))
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, 1, jobs(t, pool))
	})
}

// As it is documented: a Client of With has no context.
func TestWithIsOutsideOfTheTransaction(t *testing.T) {
	q, pool := open(t, nil)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	c := consent.NewQueued(q, policy, nil).For(river.WithTx(t.Context(), tx)).With(granted)
	require.NoError(t, c.Enqueue(track("1", "u1")))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, 1, jobs(t, pool))
}

// A transaction of the application sees nothing of how many jobs there are, so a serializable
// one does not fail for it.
func TestSerializableTransactionsDoNotCollide(t *testing.T) {
	q, pool := open(t, nil)
	var all []pgx.Tx
	for range 4 {
		tx, err := pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.Serializable})
		require.NoError(t, err)
		all = append(all, tx)
	}
	for i, tx := range all {
		require.NoError(t, q.Put(river.WithTx(t.Context(), tx), captured(string(rune('a'+i)), "u1")))
	}
	for _, tx := range all {
		require.NoError(t, tx.Commit(t.Context()))
	}
	require.Equal(t, 4, jobs(t, pool))
}

// Handlers hold a connection each while they put: Put may need no other, or all would wait
// for each other.
func TestPutNeedsNoConnectionBesidesTheTransaction(t *testing.T) {
	pool := database(t)
	q, err := river.Open(t.Context(), river.Options{Pool: pool, MaxMessages: 5})
	require.NoError(t, err)
	var all []pgx.Tx
	for range pool.Config().MaxConns {
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		all = append(all, tx)
	}
	for i, tx := range all {
		err := q.Put(river.WithTx(context.Background(), tx), captured(string(rune('a'+i)), "u1"))
		if i < 5 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, queue.ErrFull)
		}
	}
	for _, tx := range all {
		require.NoError(t, tx.Rollback(t.Context()))
	}
}
