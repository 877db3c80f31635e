package jetstream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
)

var (
	granted = consenttest.Grant("analytics", "advertising")
	partly  = consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	denied  = consenttest.Deny("analytics", "advertising")
)

// An account accounts for every message that is put while something goes wrong. Who granted
// everything at capture and still does arrives everywhere; whoever has withdrawn since, in part or
// wholly, arrives no wider.
type account struct {
	t       testing.TB
	segment *segmenttest.Segment
	put     *consent.Client
	workers []*queue.Worker
	stop    func()

	mu         sync.Mutex
	taken      map[string]string // message ids to users
	refused    map[string]error
	suppressed map[string]bool
	dead       map[string]bool
	errors     map[string]int // of the Worker, by text
}

// who is every user, by what became of the answer since.
var who = users{"stays": granted, "narrows": partly, "withdraws": denied}

// newAccount starts a Worker for each queue. Put goes to the first.
func newAccount(t testing.TB, queues ...*jetstream.Queue) *account {
	a := &account{
		t: t, taken: map[string]string{}, refused: map[string]error{}, suppressed: map[string]bool{}, dead: map[string]bool{},
		errors: map[string]int{}, segment: segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude", "Facebook Pixel"}}),
		put: consent.NewQueued(queues[0], policy, nil),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var clients []*consent.Client
	for _, q := range queues {
		client, err := consent.NewSegment(a.segment.WriteKey(), a.segment.Config(), policy, &consent.Options{OnOutcome: a.outcome})
		require.NoError(t, err)
		w, err := queue.NewWorker(queue.Options{
			Queue: q, Client: client, Answers: who, DeadLetter: a.bury, MaxAttempts: 1000, Extend: lease / 4,
			Backoff: func(int) time.Duration { return 50 * time.Millisecond }, OnError: a.fail,
		})
		require.NoError(t, err)
		a.workers, clients = append(a.workers, w), append(clients, client)
		running.Go(func() { _ = w.Run(ctx) })
	}
	a.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		for _, c := range clients {
			require.NoError(t, c.Close())
		}
	})
	t.Cleanup(a.stop)
	return a
}

func (a *account) outcome(m analytics.Message, o consent.Outcome) {
	if o.Result == consent.Suppressed {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.suppressed[m.(analytics.Track).MessageId] = true
	}
}

func (a *account) bury(_ context.Context, d queue.Dead) error {
	e, err := d.Delivery.Envelope()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dead[e.MessageID] = true
	return err
}

func (a *account) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.errors[err.Error()]++
}

// enqueue puts until it is stopped, from some goroutines.
func (a *account) enqueue(name string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id, user := fmt.Sprint(name, g, ".", i), []string{"stays", "narrows", "withdraws"}[i%3]
				err := a.put.With(granted).Enqueue(analytics.Track{Event: "e", UserId: user, MessageId: id})
				a.mu.Lock()
				if err == nil {
					a.taken[id] = user
				} else {
					a.refused[id] = err
				}
				a.mu.Unlock()
				time.Sleep(time.Millisecond)
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// unsettled returns a message that was taken and is neither told of nor arrived.
func (a *account) unsettled() (id string, n int) {
	came := map[string]bool{}
	for _, e := range a.segment.Arrivals() {
		var m struct{ MessageID string }
		require.NoError(a.t, json.Unmarshal(e.JSON, &m))
		came[m.MessageID] = true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for m := range a.taken {
		if !came[m] && !a.suppressed[m] && !a.dead[m] {
			id, n = m, n+1
		}
	}
	return id, n
}

// settle waits until everything is accounted for, and checks where it went.
func (a *account) settle() {
	a.t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for id, n := a.unsettled(); n > 0; id, n = a.unsettled() {
		if time.Now().After(deadline) {
			a.mu.Lock()
			defer a.mu.Unlock()
			require.FailNow(a.t, "lost", "%d of %d, such as %s; the Worker's errors: %v", n, len(a.taken), id, a.errors)
		}
		time.Sleep(20 * time.Millisecond)
	}
	a.stop()
	require.Empty(a.t, a.dead)
	for destination, allowed := range map[string]map[string]bool{
		"Amplitude": {"stays": true, "narrows": true}, "Facebook Pixel": {"stays": true},
	} {
		inbox := a.segment.Inbox(destination)
		require.NotEmpty(a.t, inbox)
		for _, e := range inbox {
			var m struct{ MessageID, UserID string }
			require.NoError(a.t, json.Unmarshal(e.JSON, &m))
			require.True(a.t, allowed[m.UserID], "an event of %s reached %s", m.UserID, destination)
		}
	}
	for id, user := range a.taken {
		require.Equal(a.t, user == "withdraws", a.suppressed[id], "%s of %s", id, user)
	}
	for _, err := range a.refused {
		require.ErrorIs(a.t, err, jetstream.ErrDown)
	}
	sent := uint64(0)
	for _, w := range a.workers {
		sent += w.Stats().Sent
	}
	a.t.Logf("%d taken, %d refused, %d arrived, %d sent, %d suppressed, errors: %v",
		len(a.taken), len(a.refused), len(a.segment.Arrivals()), sent, len(a.suppressed), a.errors)
}

// Three servers, and everything that may happen to one: it is killed while it leads, it is cut
// off from the others and from the application, it is slow.
func TestClusterLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	c := newCluster(t)
	a := newAccount(t, open(t, c.options("chaos")), open(t, c.options("chaos")))
	during := func(name string, f func(server int)) {
		stop := a.enqueue(name)
		defer stop()
		time.Sleep(200 * time.Millisecond)
		start := time.Now()
		f(c.leader("chaos"))
		time.Sleep(200 * time.Millisecond)
		t.Logf("%s: %v", name, time.Since(start))
	}
	// works waits until a Put works again.
	works := func(id string) {
		require.Eventually(t, func() bool {
			err := a.put.With(granted).Enqueue(analytics.Track{Event: "e", UserId: "stays", MessageId: id})
			if err == nil {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.taken[id] = "stays"
			}
			return err == nil
		}, 3*time.Minute, 10*time.Millisecond)
	}
	during("killed", func(i int) {
		c.kill(i)
		works("killed")
		c.start(i)
	})
	during("cut", func(i int) {
		c.each(i, func(p *proxy) { p.cut(true) })
		works("cut")
		c.each(i, func(p *proxy) { p.cut(false) })
	})
	during("alone", func(i int) { // it hears its clients, and nobody else
		o := c.options("chaos")
		o.URL, o.NATS = "nats://"+c.clients[i].address()+","+o.URL, []nats.Option{nats.DontRandomize()}
		o.Timeout = 2 * time.Second
		q := open(t, o)
		c.between(i, func(p *proxy) { p.cut(true) })
		works("alone")
		a.mu.Lock()
		a.taken["with another server"] = "stays"
		a.mu.Unlock()
		require.Eventually(t, func() bool {
			return q.Put(t.Context(), captured("with another server", "stays", "")) == nil
		}, 3*time.Minute, 10*time.Millisecond, "a connection to the lonely server goes to another")
		c.between(i, func(p *proxy) { p.cut(false) })
	})
	during("slow", func(i int) {
		i = (i + 1) % 3
		c.each(i, func(p *proxy) { p.slow(20 * time.Millisecond) })
		time.Sleep(time.Second)
		c.each(i, func(p *proxy) { p.slow(0) })
	})
	a.settle()
}
