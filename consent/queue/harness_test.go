package queue_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/destinations"
)

var (
	policy = destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
	})
	granted = consenttest.Grant("analytics", "advertising")
	denied  = consenttest.Deny("analytics", "advertising")
	none    = consent.NewState(nil)
)

// A record holds what counts for user ids.
type record struct {
	mu     sync.Mutex
	states map[string]consent.State // without one: granted
	given  time.Time
	err    error
	before func() // called before the answer
}

func (r *record) Current(_ context.Context, userID, _ string) (consent.State, time.Time, error) {
	if r.before != nil {
		r.before()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.states[userID]; ok {
		return s, r.given, r.err
	}
	return granted, r.given, r.err
}

func (r *record) set(userID string, s consent.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.states == nil {
		r.states = make(map[string]consent.State)
	}
	r.states[userID] = s
}

func (r *record) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// A grave keeps dead letters.
type grave struct {
	mu   sync.Mutex
	dead []queue.Dead
	err  error
}

func (g *grave) keep(_ context.Context, d queue.Dead) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return g.err
	}
	g.dead = append(g.dead, d)
	return nil
}

// A sink is a client that analytics messages end in.
type sink struct {
	mu  sync.Mutex
	got []analytics.Message
	err error
}

func (s *sink) Enqueue(m analytics.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.got = append(s.got, m)
	}
	return s.err
}
func (s *sink) Close() error { return nil }

// A bench is a Worker on a Memory.
type bench struct {
	memory *queue.Memory
	put    *consent.Client
	record record
	grave  grave
	sink   sink
	worker *queue.Worker
}

func newBench(t *testing.T, change func(*queue.Options)) *bench {
	b := &bench{memory: queue.NewMemory(0, time.Minute)}
	b.put = consent.NewQueued(b.memory, policy, nil)
	o := queue.Options{
		Queue: b.memory, Client: consent.New(&b.sink, policy, nil), Answers: &b.record, DeadLetter: b.grave.keep,
	}
	if change != nil {
		change(&o)
	}
	var err error
	b.worker, err = queue.NewWorker(o)
	require.NoError(t, err)
	return b
}

func (b *bench) enqueue(t *testing.T, user, id string) {
	t.Helper()
	require.NoError(t, b.put.With(granted).Enqueue(analytics.Track{Event: "e", UserId: user, MessageId: id}))
}

// run works for a while.
func (b *bench) run(t *testing.T, while time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), while)
	defer cancel()
	require.ErrorIs(t, b.worker.Run(ctx), context.DeadlineExceeded)
}

// requireStats checks that the numbers add up, too.
func (b *bench) requireStats(t *testing.T, want queue.Stats) {
	t.Helper()
	s := b.worker.Stats()
	require.Equal(t, s.Received, s.Sent+s.Suppressed+s.Retried+s.Dead+s.Again+s.Forgotten+s.Held)
	require.Equal(t, want, s)
}

var errDown = errors.New("down")
