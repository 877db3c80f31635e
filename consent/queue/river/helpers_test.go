package river_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/river"
	"github.com/go-consent/segment/destinations"
)

var (
	policy = destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
	})
	granted = consenttest.Grant("analytics", "advertising")
	denied  = consenttest.Deny("analytics", "advertising")
)

const poll = 20 * time.Millisecond

// connect returns a pool.
func connect(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	config.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// databaseWithTables returns the URL of a database that has River's tables, and nothing in
// them. Only the first one takes the time of River's migrations.
func databaseWithTables(t testing.TB) string {
	t.Helper()
	shared(t)
	if !server.migrated {
		pool := connect(t, databaseURL(t, "template1"))
		require.NoError(t, river.Migrate(context.Background(), pool, ""))
		name := pool.Config().ConnConfig.Database
		pool.Close()
		other := connect(t, server.url("postgres"))
		_, err := other.Exec(context.Background(), "ALTER DATABASE "+name+" RENAME TO migrated")
		require.NoError(t, err)
		server.migrated = true
	}
	return databaseURL(t, "migrated")
}

// database returns a pool of such a database.
func database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return connect(t, databaseWithTables(t))
}

// open returns a Queue of a database of its own.
func open(t testing.TB, change func(*river.Options)) (*river.Queue, *pgxpool.Pool) {
	t.Helper()
	pool := database(t)
	o := river.Options{Pool: pool, Poll: poll}
	if change != nil {
		change(&o)
	}
	q, err := river.Open(context.Background(), o)
	require.NoError(t, err)
	return q, pool
}

func track(id, user string) analytics.Track {
	return analytics.Track{Event: "Order Completed", MessageId: id, UserId: user}
}

func captured(id, user string) consent.Captured {
	m := track(id, user)
	m.Timestamp = time.Now()
	return consent.Captured{Message: m, States: []consent.State{granted}, At: time.Now()}
}

// receive returns what is due, n messages at most.
func receive(t testing.TB, q queue.Queue, n int) []queue.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	all, err := q.Receive(ctx, n)
	require.NoError(t, err)
	return all
}

// requireNothing checks that nothing is due.
func requireNothing(t testing.TB, q queue.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*poll)
	defer cancel()
	all, err := q.Receive(ctx, 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, all)
}

// jobs returns how many jobs the table has.
func jobs(t testing.TB, pool *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(context.Background(), "SELECT count(*) FROM river_job").Scan(&n))
	return n
}

// execute executes a statement, which must touch something.
func execute(t testing.TB, pool *pgxpool.Pool, statement string) {
	t.Helper()
	tag, err := pool.Exec(context.Background(), statement)
	require.NoError(t, err)
	require.NotZero(t, tag.RowsAffected())
}

// A record holds what counts for user ids; without one everything is granted.
type record struct {
	states map[string]consent.State
	down   func() bool
}

var errDown = errors.New("down")

func (r record) Current(_ context.Context, userID, _ string) (consent.State, time.Time, error) {
	if r.down != nil && r.down() {
		return consent.State{}, time.Time{}, errDown
	}
	if s, ok := r.states[userID]; ok {
		return s, time.Now(), nil
	}
	return granted, time.Now(), nil
}

// A grave keeps the ids of dead letters.
type grave struct {
	mu   sync.Mutex
	dead map[string]error
}

func (g *grave) keep(_ context.Context, d queue.Dead) error {
	e, err := d.Delivery.Envelope()
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead == nil {
		g.dead = make(map[string]error)
	}
	g.dead[e.MessageID] = d.Err
	return nil
}

type silent struct{}

func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}

// share does n things in so many goroutines.
func share(n, goroutines int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				do(i)
			}
		})
	}
	wg.Wait()
}
