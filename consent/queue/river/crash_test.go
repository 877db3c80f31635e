package river_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/river"
)

// What a process is told that works until it is killed.
const (
	crashing   = "RIVER_CRASHING" // the URL of the database
	crashingTo = "RIVER_SEGMENT"  // the endpoint and the write key
	crashLife  = "RIVER_LIFE"
)

// workUntilKilled puts events from six goroutines, a third of them in the transaction that has
// an order, prints each that is stored, and delivers them at the same time.
func workUntilKilled() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv(crashing)+"&pool_max_conns=16")
	if err != nil {
		panic(err)
	}
	q, err := river.Open(ctx, river.Options{Pool: pool, Lease: time.Second, Poll: poll})
	if err != nil {
		panic(err)
	}
	tracker := consent.NewQueued(q, policy, nil)
	for g := range 6 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprint(os.Getenv(crashLife), "-", g, "-", i)
				put := func(ctx context.Context) error {
					ctx = consent.NewContext(ctx, granted)
					return tracker.For(ctx).Enqueue(track(id, []string{"stays", "withdrew"}[i%2]))
				}
				if g >= 2 {
					if err := put(ctx); err != nil {
						panic(err)
					}
				} else if id = "order-" + id; !order(ctx, pool, id, i%5 == 0, put) {
					continue
				}
				fmt.Println(id)
			}
		}()
	}
	endpoint, key, _ := strings.Cut(os.Getenv(crashingTo), " ")
	client, err := consent.NewSegment(key, analytics.Config{
		Endpoint: endpoint, Interval: 2 * time.Millisecond, Logger: silent{}, RetryAfter: func(int) time.Duration { return time.Millisecond },
	}, policy, nil)
	if err != nil {
		panic(err)
	}
	worker := newWorker(q, client, new(grave))
	panic(worker.Run(ctx))
}

// order commits an order with its event, or rolls both back.
func order(ctx context.Context, pool *pgxpool.Pool, id string, cancelled bool, put func(context.Context) error) bool {
	tx, err := pool.Begin(ctx)
	if err != nil {
		panic(err)
	}
	if _, err = tx.Exec(ctx, "INSERT INTO orders VALUES ($1)", id); err == nil {
		err = put(river.WithTx(ctx, tx))
	}
	if err != nil {
		panic(err)
	}
	if cancelled {
		err = tx.Rollback(ctx)
	} else {
		err = tx.Commit(ctx)
	}
	if err != nil {
		panic(err)
	}
	return !cancelled
}

func newWorker(q queue.Queue, client *consent.Client, g *grave) *queue.Worker {
	w, err := queue.NewWorker(queue.Options{
		Queue: q, Client: client, Answers: record{states: map[string]consent.State{"withdrew": denied}}, DeadLetter: g.keep,
		Backoff: func(int) time.Duration { return 10 * time.Millisecond }, Extend: 300 * time.Millisecond,
		MaxAttempts: 1000, MaxHeld: 200,
	})
	if err != nil {
		panic(err)
	}
	return w
}

// TestNothingIsLostInAKill kills a process that puts and delivers, again and again, while
// Segment fails now and then. RIVER_KILLS says how often.
func TestNothingIsLostInAKill(t *testing.T) {
	kills := 10
	if n, err := strconv.Atoi(os.Getenv("RIVER_KILLS")); err == nil {
		kills = n
	}
	url := databaseWithTables(t)
	pool := connect(t, url)
	_, err := pool.Exec(t.Context(), "CREATE TABLE orders (id text PRIMARY KEY)")
	require.NoError(t, err)
	fake := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude", "Facebook Pixel"}})
	faults := []segmenttest.Fault{{}, {}, {Status: 503}, {Status: 429}, {HalfResponse: true}, {Reset: true}}
	stored := make(map[string]bool)
	for life := range kills {
		for range 10 {
			fake.Script(faults[rand.IntN(len(faults))])
		}
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), crashing+"="+url, crashingTo+"="+fake.URL()+" "+fake.WriteKey(), crashLife+"="+fmt.Sprint(life))
		killAfter(t, command, 1+rand.IntN(300), stored)
	}
	q, err := river.Open(t.Context(), river.Options{Pool: pool, Lease: time.Second, Poll: poll})
	require.NoError(t, err)
	t.Logf("%d were stored, and %d are left after %d kills", len(stored), jobs(t, pool), kills)

	config := fake.Config()
	config.Logger = silent{}
	client, err := consent.NewSegment(fake.WriteKey(), config, policy, nil)
	require.NoError(t, err)
	var graves grave
	runUntilEmpty(t, pool, newWorker(q, client, &graves))
	require.NoError(t, client.Close())
	require.Empty(t, graves.dead)

	arrived := make(map[string]bool)
	for _, a := range fake.Arrivals() {
		require.False(t, arrived[a.MessageID])
		require.Equal(t, "stays", userOf(t, a))
		arrived[a.MessageID] = true
	}
	// What is left is gone from the table, and whoever withdrew has no event at Segment.
	for id := range stored {
		if last := id[strings.LastIndex(id, "-")+1:]; strings.ContainsAny(last[len(last)-1:], "02468") {
			require.True(t, arrived[id], id)
		} else {
			require.False(t, arrived[id], id)
		}
	}
	rows, err := pool.Query(t.Context(), "SELECT id FROM orders")
	require.NoError(t, err)
	orders, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	committed := make(map[string]bool)
	for _, id := range orders {
		committed[id] = true
	}
	for id := range stored {
		require.True(t, !strings.HasPrefix(id, "order") || committed[id], id)
	}
	for id := range arrived {
		require.True(t, !strings.HasPrefix(id, "order") || committed[id], "%s was rolled back, and arrived", id)
	}
	for id := range committed {
		require.True(t, arrived[id] || strings.ContainsAny(id[len(id)-1:], "13579"), "%s was committed, and its event is lost", id)
	}
	t.Logf("%d arrived, %d orders", len(arrived), len(orders))
}

func userOf(t *testing.T, a segmenttest.Arrival) string {
	t.Helper()
	var m struct{ UserID string }
	require.NoError(t, json.Unmarshal(a.JSON, &m))
	return m.UserID
}

// killAfter starts a process, kills it once it has stored n events, and notes all that it has
// stored.
func killAfter(t *testing.T, command *exec.Cmd, n int, stored map[string]bool) {
	t.Helper()
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	count := 0
	for lines := bufio.NewScanner(out); lines.Scan(); count++ {
		stored[lines.Text()] = true // the last line may be cut off, but Println writes it at once
		if count == n {
			require.NoError(t, command.Process.Kill())
		}
	}
	_ = command.Wait()
	require.Greater(t, count, n, "the process ended by itself")
}

// runUntilEmpty runs a worker until the table is empty.
func runUntilEmpty(t *testing.T, pool *pgxpool.Pool, w *queue.Worker) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for deadline := time.Now().Add(time.Minute); jobs(t, pool) > 0; time.Sleep(poll) {
		require.True(t, time.Now().Before(deadline), "%d are left: %+v", jobs(t, pool), w.Stats())
	}
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}
