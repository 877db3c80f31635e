package river

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	riverqueue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

// Errors. A full Queue is a [queue.ErrFull].
var (
	// ErrConfig is the error of Options that Open refuses.
	ErrConfig = errors.New("river: bad configuration")
	// ErrNoTx is the error of Put with a context of WithTx whose transaction is nil.
	ErrNoTx = errors.New("river: the transaction is nil")
)

// Options are those of a Queue. Pool is required.
type Options struct {
	// Pool reaches the database that has River's tables. It stays open when the Queue is no
	// longer used.
	Pool *pgxpool.Pool

	// Schema has River's tables. "": where the search_path of Pool finds them.
	Schema string

	// Name is the queue of River that is used, and must be used by nothing else: no client of
	// River may work it. Processes that share a Queue give the same name. "": segment.
	Name string

	// Lease is how long a message that was received stays away without an Extend. The
	// Extend of queue.Options must be less than half of it. Zero: a minute.
	Lease time.Duration

	// MaxMessages is how many messages there is room for, so that a Segment that is down for
	// long does not fill the database. They are counted every few seconds, so there may be
	// some more. Zero: a million.
	MaxMessages int

	// Poll is how often Receive looks for messages that other processes, or transactions,
	// have put. Zero: a second.
	Poll time.Duration

	// Timeout limits Put, and how long Receive waits for the database. Zero: 10 seconds.
	Timeout time.Duration
}

// A Queue is a queue.Queue in the table of River's jobs.
type Queue struct {
	o      Options
	client *riverqueue.Client[pgx.Tx]
	sql    statements
	room   room
	put    chan struct{} // this process has put something
}

var (
	_ queue.Queue = (*Queue)(nil)
	_ queue.Gauge = (*Queue)(nil)
)

// Open returns the Queue of a database that has River's tables: see [Migrate]. There is
// nothing to close.
func Open(ctx context.Context, o Options) (*Queue, error) {
	switch {
	case o.Pool == nil:
		return nil, fmt.Errorf("%w: no Pool", ErrConfig)
	case o.Lease < 0 || o.MaxMessages < 0 || o.Poll < 0 || o.Timeout < 0:
		return nil, fmt.Errorf("%w: a limit is negative", ErrConfig)
	}
	o.Name = cmp.Or(o.Name, "segment")
	o.Lease = cmp.Or(o.Lease, time.Minute)
	o.MaxMessages = cmp.Or(o.MaxMessages, 1_000_000)
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	client, err := riverqueue.NewClient(riverpgxv5.New(o.Pool), &riverqueue.Config{
		Schema: o.Schema, Logger: slog.New(slog.DiscardHandler), // what fails is returned
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	q := &Queue{o: o, client: client, sql: newStatements(o.Schema), put: make(chan struct{}, 1)}
	q.room.max = int64(o.MaxMessages)
	if err := q.try(ctx); err != nil {
		return nil, fmt.Errorf("river: Open: %w", err)
	}
	return q, nil
}

// try counts the jobs, and puts one that it rolls back: a name that River refuses, or tables
// that are missing or of another version, are better found now.
func (q *Queue) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	if err := q.count(ctx); err != nil {
		return err
	}
	tx, err := q.o.Pool.Begin(ctx)
	if err != nil {
		return err
	}
	err = q.insert(ctx, tx, job{}, nil)
	return errors.Join(err, tx.Rollback(ctx))
}

// A job is the arguments of a job of River. The envelope is a string since jsonb does not keep
// the bytes of JSON.
type job struct {
	Envelope string `json:"envelope"`
}

const kind = "segment_event"

// Kind implements [riverqueue.JobArgs].
func (job) Kind() string { return kind }

// Put implements [queue.Queue]. With a context of [WithTx] the message is put in that
// transaction.
func (q *Queue) Put(ctx context.Context, c consent.Captured) error {
	e, err := queue.Seal(c)
	if err != nil {
		return err
	}
	text, err := e.MarshalJSON()
	if err != nil {
		return err
	}
	about, err := metadata(e)
	if err != nil {
		return err
	}
	if !q.hasRoom() {
		return fmt.Errorf("river: %w", queue.ErrFull)
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	insert := func(tx pgx.Tx) error { return q.insert(ctx, tx, job{string(text)}, about) }
	if in, ok := ctx.Value(transaction{}).(transaction); ok {
		return in.do(ctx, insert)
	}
	if err := pgx.BeginFunc(ctx, q.o.Pool, insert); err != nil {
		return fmt.Errorf("river: Put: %w", err)
	}
	select {
	case q.put <- struct{}{}:
	default:
	}
	return nil
}

// insert inserts a job. No client of River works it; the attempts are for the case that one
// does by mistake.
func (q *Queue) insert(ctx context.Context, tx pgx.Tx, j job, about []byte) error {
	_, err := q.client.InsertTx(ctx, tx, j, &riverqueue.InsertOpts{
		Queue: q.o.Name, Metadata: about, Priority: priority, MaxAttempts: math.MaxInt16,
	})
	return err
}

// Receive implements [queue.Queue]. Messages come about in the order in which they fell due.
func (q *Queue) Receive(ctx context.Context, max int) ([]queue.Delivery, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		due, err := q.claim(ctx, max)
		if err != nil || len(due) > 0 {
			return due, err
		}
		poll := time.NewTimer(q.o.Poll)
		select {
		case <-ctx.Done():
		case <-q.put:
		case <-poll.C:
		}
		poll.Stop()
	}
}

// claim begins the lease of what is due. It ends when the database has answered: otherwise
// messages would be away for a lease that nobody has received.
func (q *Queue) claim(ctx context.Context, max int) ([]queue.Delivery, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.o.Timeout)
	defer cancel()
	rows, err := q.o.Pool.Query(ctx, q.sql.claim, q.o.Name, max, q.o.Lease)
	if err != nil {
		return nil, fmt.Errorf("river: Receive: %w", err)
	}
	var due []queue.Delivery
	for rows.Next() {
		d := &delivery{queue: q}
		if err := rows.Scan(&d.id, &d.attempt, &d.text); err != nil {
			rows.Close()
			return nil, fmt.Errorf("river: Receive: %w", err)
		}
		due = append(due, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("river: Receive: %w", err)
	}
	return due, nil
}

// Forget implements [queue.Queue]. It removes also what River keeps of cancelled jobs. A
// transaction that is open meanwhile may bring in an event of the person when it commits.
func (q *Queue) Forget(ctx context.Context, p queue.Person) error {
	for _, about := range persons(p) {
		if _, err := q.o.Pool.Exec(ctx, q.sql.forget, q.o.Name, about); err != nil {
			return fmt.Errorf("river: Forget: %w", err)
		}
	}
	return nil
}
