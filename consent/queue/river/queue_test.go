package river_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/river"
)

func TestConforms(t *testing.T) {
	pool, queues := database(t), 0
	const lease = 600 * time.Millisecond
	conformance.TestQueue(t, lease, func() *river.Queue {
		queues++
		q, err := river.Open(context.Background(), river.Options{Pool: pool, Name: fmt.Sprint("queue", queues), Lease: lease, Poll: poll})
		require.NoError(t, err)
		return q
	})
}

func TestOpenRefuses(t *testing.T) {
	pool := database(t)
	for name, c := range map[string]struct {
		o      river.Options
		config bool
	}{
		"no pool":         {river.Options{}, true},
		"negative lease":  {river.Options{Pool: pool, Lease: -1}, true},
		"negative room":   {river.Options{Pool: pool, MaxMessages: -1}, true},
		"negative poll":   {river.Options{Pool: pool, Poll: -1}, true},
		"negative limit":  {river.Options{Pool: pool, Timeout: -1}, true},
		"no schema":       {river.Options{Pool: pool, Schema: `a"; DROP TABLE river_job`}, true},
		"no name":         {river.Options{Pool: pool, Name: "a b"}, false},
		"no tables there": {river.Options{Pool: pool, Schema: "nowhere"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := river.Open(t.Context(), c.o)
			require.Error(t, err)
			require.Nil(t, q)
			require.Equal(t, c.config, errors.Is(err, river.ErrConfig))
		})
	}
}

func TestSchemaOfItsOwn(t *testing.T) {
	pool := connect(t, databaseURL(t, "template1"))
	_, err := pool.Exec(t.Context(), "CREATE SCHEMA segment")
	require.NoError(t, err)
	for range 2 { // the second time there is nothing to do
		require.NoError(t, river.Migrate(t.Context(), pool, "segment"))
	}
	q, err := river.Open(t.Context(), river.Options{Pool: pool, Schema: "segment"})
	require.NoError(t, err)
	require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	all := receive(t, q, 1)
	require.NoError(t, all[0].Retry(t.Context(), 0))
	require.NoError(t, receive(t, q, 1)[0].Ack(t.Context()))
	require.NoError(t, q.Forget(t.Context(), queue.Person{UserID: "u1"}))
	require.Error(t, river.Migrate(t.Context(), pool, "nowhere"))
}

// Text that JSON and Postgres treat in their own ways comes out as it went in.
func TestBytesSurvive(t *testing.T) {
	q, _ := open(t, nil)
	c := captured("1", "u1")
	m := c.Message.(analytics.Track)
	m.Properties = analytics.Properties{
		"nul": "a\x00b", "html": "<&>\u2028", "escaped": `\u0000 \\ "`, "z": 1, "a": int64(9007199254740993),
		"raw": json.RawMessage(`{"b":1.0,"a":1e3,"a":2}`), "utf8": "\U0001F600é",
	}
	c.Message = m
	e, err := queue.Seal(c)
	require.NoError(t, err)
	want, err := json.Marshal(e)
	require.NoError(t, err)
	require.NoError(t, q.Put(t.Context(), c))
	e, err = receive(t, q, 1)[0].Envelope()
	require.NoError(t, err)
	got, err := json.Marshal(e)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// A job whose arguments are none of ours becomes a dead letter, and one of another kind stays.
func TestForeignJobs(t *testing.T) {
	q, pool := open(t, nil)
	for range 2 {
		require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	}
	execute(t, pool, `UPDATE river_job SET args = '{}' WHERE id = (SELECT min(id) FROM river_job)`)
	execute(t, pool, `UPDATE river_job SET kind = 'other' WHERE id = (SELECT max(id) FROM river_job)`)
	all := receive(t, q, 10)
	require.Len(t, all, 1)
	_, err := all[0].Envelope()
	require.ErrorIs(t, err, queue.ErrEnvelope)
	require.NoError(t, all[0].Ack(t.Context()))
	require.NoError(t, q.Forget(t.Context(), queue.Person{UserID: "u1"}))
	requireNothing(t, q)
	require.Equal(t, 1, jobs(t, pool))
}

// An attempt is a smallint: the largest one does not stop the Queue.
func TestAttemptsDoNotOverflow(t *testing.T) {
	q, pool := open(t, nil)
	require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	execute(t, pool, "UPDATE river_job SET attempt = 32766")
	for range 3 {
		all := receive(t, q, 1)
		require.Equal(t, 32767, all[0].Attempt())
		require.NoError(t, all[0].Retry(t.Context(), 0))
	}
}

// A delivery whose lease is over does not disturb the next one.
func TestLateDelivery(t *testing.T) {
	q, pool := open(t, nil)
	require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	late := receive(t, q, 1)[0]
	execute(t, pool, "UPDATE river_job SET scheduled_at = now()") // the lease is over
	next := receive(t, q, 1)[0]
	require.Equal(t, 2, next.Attempt())
	require.NoError(t, late.Retry(t.Context(), 0))
	requireNothing(t, q)
	require.NoError(t, next.Retry(t.Context(), 0))
	require.Equal(t, 3, receive(t, q, 1)[0].Attempt())
	require.NoError(t, late.Ack(t.Context()), "what has left has left")
	require.Zero(t, jobs(t, pool))
}

func TestFull(t *testing.T) {
	q, pool := open(t, func(o *river.Options) { o.MaxMessages = 3 })
	for i := range 3 {
		require.NoError(t, q.Put(t.Context(), captured(fmt.Sprint(i), "u1")))
	}
	require.ErrorIs(t, q.Put(t.Context(), captured("4", "u1")), queue.ErrFull)
	require.Equal(t, 3, jobs(t, pool))

	other, err := river.Open(t.Context(), river.Options{Pool: pool, MaxMessages: 3})
	require.NoError(t, err)
	require.ErrorIs(t, other.Put(t.Context(), captured("5", "u1")), queue.ErrFull, "processes share the room")

	require.NoError(t, receive(t, q, 1)[0].Ack(t.Context()))
	require.Eventually(t, func() bool { return q.Put(t.Context(), captured("6", "u1")) == nil }, 10*time.Second, 50*time.Millisecond)
	require.ErrorIs(t, q.Put(t.Context(), captured("7", "u1")), queue.ErrFull)
}

func TestDatabaseIsDown(t *testing.T) {
	q, pool := open(t, func(o *river.Options) { o.Timeout = time.Second })
	require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	d := receive(t, q, 1)[0]
	lock, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), "LOCK TABLE river_job")
	require.NoError(t, err)
	require.ErrorIs(t, q.Put(t.Context(), captured("2", "u1")), context.DeadlineExceeded)
	_, err = q.Receive(t.Context(), 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, lock.Rollback(t.Context()))

	pool.Close()
	require.Error(t, q.Put(t.Context(), captured("3", "u1")))
	_, err = q.Receive(t.Context(), 1)
	require.Error(t, err)
	require.Error(t, d.Ack(t.Context()))
	require.Error(t, d.Retry(t.Context(), 0))
	require.Error(t, d.Extend(t.Context()))
	require.Error(t, q.Forget(t.Context(), queue.Person{UserID: "u1"}))
	_, err = q.Backlog(t.Context())
	require.Error(t, err)
}

// While a message is away, nobody else has it: many receive at once.
func TestEachMessageIsReceivedOnce(t *testing.T) {
	const messages = 200
	q, _ := open(t, nil)
	share(messages, 16, func(i int) {
		if err := q.Put(t.Context(), captured(fmt.Sprint(i), "u1")); err != nil {
			t.Error(err)
		}
	})
	came := make(chan queue.Delivery, 10*messages)
	share(16, 16, func(int) {
		for len(came) < messages {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			all, _ := q.Receive(ctx, 7)
			cancel()
			for _, d := range all {
				came <- d
			}
		}
	})
	close(came)
	ids := make(map[string]bool)
	for d := range came {
		e, err := d.Envelope()
		require.NoError(t, err)
		require.Equal(t, 1, d.Attempt(), e.MessageID)
		ids[e.MessageID] = true
	}
	require.Len(t, ids, messages)
}

// What this process puts is received at once, and not at the next poll.
func TestPutWakesReceive(t *testing.T) {
	q, _ := open(t, func(o *river.Options) { o.Poll = time.Hour })
	came := make(chan []queue.Delivery)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		all, _ := q.Receive(ctx, 1)
		came <- all
	}()
	require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	require.Len(t, <-came, 1)
}

// What the database has given to a Receive that is over meanwhile is not away for a lease.
func TestReceiveEndsWithTheStatement(t *testing.T) {
	q, pool := open(t, nil)
	require.NoError(t, q.Put(t.Context(), captured("1", "u1")))
	lock, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), "LOCK TABLE river_job")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	came := make(chan []queue.Delivery)
	go func() {
		all, err := q.Receive(ctx, 1)
		if err != nil {
			t.Error(err)
		}
		came <- all
	}()
	require.Eventually(t, func() (waits bool) {
		err := pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").Scan(&waits)
		return err == nil && waits
	}, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, lock.Rollback(t.Context()))
	require.Len(t, <-came, 1)
}

func TestBacklog(t *testing.T) {
	q, pool := open(t, nil)
	b, err := q.Backlog(t.Context())
	require.NoError(t, err)
	require.Zero(t, b)
	for i := range 5 {
		require.NoError(t, q.Put(t.Context(), captured(fmt.Sprint(i), "u1")))
	}
	execute(t, pool, "UPDATE river_job SET created_at = '2026-01-02T03:04:05Z' WHERE id = (SELECT min(id) FROM river_job)")
	require.Len(t, receive(t, q, 2), 2)
	b, err = q.Backlog(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, b.Waiting)
	require.EqualValues(t, 2, b.InFlight)
	require.True(t, b.Oldest.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
}
