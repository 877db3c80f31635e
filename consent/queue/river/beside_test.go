package river_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	riverqueue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"
)

type mail struct{}

func (mail) Kind() string { return "mail" }

// TestRiversClientsLeaveEventsAlone runs a client of River that leads, rescues, schedules and
// cleans in the same table, and knows nothing of events.
func TestRiversClientsLeaveEventsAlone(t *testing.T) {
	q, pool := open(t, nil)
	for _, id := range []string{"held", "retried", "waits"} {
		require.NoError(t, q.Put(t.Context(), captured(id, "u1")))
	}
	ours := receive(t, q, 2)
	require.NoError(t, ours[1].Retry(t.Context(), time.Hour))
	execute(t, pool, "UPDATE river_job SET attempted_at = now() - interval '1 day', created_at = now() - interval '30 days'")
	before := rows(t, pool)

	// What the client does with jobs like these shows that it has rescued, scheduled and cleaned.
	execute(t, pool, `INSERT INTO river_job (args, kind, state, attempt, max_attempts, queue, attempted_at, scheduled_at, finalized_at) VALUES
		('{}', 'unknown', 'running', 1, 25, 'default', now() - interval '1 day', now(), NULL),
		('{}', 'mail', 'retryable', 1, 25, 'default', NULL, now(), NULL),
		('{}', 'mail', 'completed', 1, 25, 'default', NULL, now(), now() - interval '30 days')`)
	workers, worked := riverqueue.NewWorkers(), make(chan struct{}, 1)
	riverqueue.AddWorker(workers, riverqueue.WorkFunc(func(context.Context, *riverqueue.Job[mail]) error {
		worked <- struct{}{}
		return nil
	}))
	client, err := riverqueue.NewClient(riverpgxv5.New(pool), &riverqueue.Config{
		Queues:  map[string]riverqueue.QueueConfig{riverqueue.QueueDefault: {MaxWorkers: 2}},
		Workers: workers, Logger: slog.New(slog.DiscardHandler), JobTimeout: time.Second, RescueStuckJobsAfter: time.Second,
	})
	require.NoError(t, err)
	require.NoError(t, client.Start(t.Context()))
	defer func() { require.NoError(t, client.Stop(context.Background())) }()
	<-worked
	require.Eventually(t, func() bool {
		var discarded, cleaned bool
		err := pool.QueryRow(t.Context(), `SELECT
			EXISTS (SELECT FROM river_job WHERE kind = 'unknown' AND state = 'discarded'),
			NOT EXISTS (SELECT FROM river_job WHERE kind = 'mail' AND finalized_at < now() - interval '7 days')`).Scan(&discarded, &cleaned)
		return err == nil && discarded && cleaned
	}, 30*time.Second, 50*time.Millisecond, "a job of an unknown kind is not discarded: River has changed")
	require.Equal(t, before, rows(t, pool))
}

// rows returns the rows of events.
func rows(t *testing.T, pool *pgxpool.Pool) []map[string]any {
	t.Helper()
	r, err := pool.Query(t.Context(), "SELECT row_to_json(river_job) FROM river_job WHERE queue = 'segment' ORDER BY id")
	require.NoError(t, err)
	all, err := pgx.CollectRows(r, pgx.RowTo[map[string]any])
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// An operator who cancels a job in River's user interface has it never sent, and one who has it
// tried again has it sent now.
func TestOperator(t *testing.T) {
	q, pool := open(t, nil)
	client, err := riverqueue.NewClient(riverpgxv5.New(pool), &riverqueue.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	d := receive(t, q, 1)[0]
	id := int64(rows(t, pool)[0]["id"].(float64))

	require.NoError(t, d.Retry(t.Context(), time.Hour))
	_, err = client.JobRetry(t.Context(), id)
	require.NoError(t, err)
	d = receive(t, q, 1)[0]
	_, err = client.JobCancel(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, d.Retry(t.Context(), 0))
	requireNothing(t, q)
	require.Equal(t, "cancelled", rows(t, pool)[0]["state"])
	require.NoError(t, d.Ack(t.Context()))
	require.Zero(t, jobs(t, pool))
}
