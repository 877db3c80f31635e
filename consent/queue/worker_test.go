package queue_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

func TestWorkerAsksAgain(t *testing.T) {
	for name, c := range map[string]struct {
		now   consent.State
		given time.Time
		trust bool
		sent  bool
	}{
		"granted":             {granted, time.Time{}, false, true},
		"withdrawn":           {denied, time.Time{}, true, false},
		"no answer on record": {none, time.Time{}, false, false},
		"no answer, trusted":  {none, time.Time{}, true, true},
		"taken back":          {none, at, false, false},
		"taken back, trusted": {none, at, true, false},
		"nothing read":        {consent.State{}, time.Time{}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func(o *queue.Options) { o.TrustCapture = c.trust })
				b.record.set("u", c.now)
				b.record.given = c.given
				b.enqueue(t, "u", "m")
				b.run(t, time.Second)
				want := queue.Stats{Received: 1}
				if c.sent {
					want.Sent = 1
				} else {
					want.Suppressed = 1
				}
				b.requireStats(t, want)
				require.Len(t, b.sink.got, int(want.Sent))
				require.Zero(t, b.memory.Len(), "acknowledged")
			})
		})
	}
}

// While the answers are out of reach nothing leaves. In the end it is a dead letter.
func TestAnswersOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *queue.Options) { o.MaxAttempts = 3 })
		b.record.fail(errDown)
		b.enqueue(t, "u", "m")
		b.run(t, time.Hour)
		b.requireStats(t, queue.Stats{Received: 3, Retried: 2, Dead: 1, Redelivered: 2, TooOften: 1, Failed: 6})
		require.Empty(t, b.sink.got)
		require.ErrorIs(t, b.grave.dead[0].Err, queue.ErrAttempts)
		require.ErrorIs(t, b.grave.dead[0].Err, errDown)
		require.Zero(t, b.memory.Len())
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.record.fail(errDown)
		b.enqueue(t, "u", "m")
		time.AfterFunc(10*time.Second, func() { b.record.fail(nil) })
		b.run(t, time.Hour)
		require.Len(t, b.sink.got, 1)
		require.Empty(t, b.grave.dead)
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *queue.Options) { o.MaxAttempts = 1 })
		b.record.before = func() { panic("secret") }
		b.enqueue(t, "u", "m")
		b.run(t, time.Hour)
		require.NotContains(t, b.grave.dead[0].Err.Error(), "secret")
	})
}

func TestDeadLetters(t *testing.T) {
	t.Run("too old", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, func(o *queue.Options) { o.MaxAge = time.Hour })
			b.enqueue(t, "u", "m")
			time.Sleep(2 * time.Hour)
			b.run(t, time.Second)
			require.ErrorIs(t, b.grave.dead[0].Err, queue.ErrTooOld)
			b.requireStats(t, queue.Stats{Received: 1, Dead: 1, TooOld: 1})
			e, err := b.grave.dead[0].Delivery.Envelope()
			require.NoError(t, err)
			require.Equal(t, "m", e.MessageID)
			require.Empty(t, b.sink.got)
		})
	})
	t.Run("refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, nil)
			b.sink.err = errDown
			b.enqueue(t, "u", "m")
			b.run(t, time.Second)
			require.ErrorIs(t, b.grave.dead[0].Err, errDown)
			require.Zero(t, b.memory.Len())
		})
	})
	t.Run("nobody takes it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, nil)
			b.sink.err, b.grave.err = errDown, errDown
			b.enqueue(t, "u", "m")
			b.run(t, time.Second/2)
			require.Equal(t, 1, b.memory.Len(), "it comes again")
			b.requireStats(t, queue.Stats{Received: 1, Retried: 1, Failed: 1})
		})
	})
	t.Run("no envelope", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			broken := &scripted{deliveries: []queue.Delivery{brokenDelivery{}}}
			b := newBench(t, func(o *queue.Options) { o.Queue = broken })
			b.run(t, time.Second)
			require.ErrorIs(t, b.grave.dead[0].Err, queue.ErrEnvelope)
		})
	})
	t.Run("no room at the client", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, nil)
			b.sink.err = consent.ErrFull
			b.enqueue(t, "u", "m")
			time.AfterFunc(time.Second/2, func() { b.sink.mu.Lock(); b.sink.err = nil; b.sink.mu.Unlock() })
			b.run(t, time.Minute)
			require.Empty(t, b.grave.dead)
			require.Len(t, b.sink.got, 1)
		})
	})
}

// A scripted queue gives some deliveries once.
type scripted struct {
	deliveries []queue.Delivery
	errs       []error
}

func (*scripted) Put(context.Context, consent.Captured) error { return nil }
func (*scripted) Forget(context.Context, queue.Person) error  { return nil }
func (s *scripted) Receive(ctx context.Context, _ int) (d []queue.Delivery, err error) {
	if len(s.errs) > 0 {
		err, s.errs = s.errs[0], s.errs[1:]
		return nil, err
	}
	if d, s.deliveries = s.deliveries, nil; len(d) > 0 {
		return d, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

type brokenDelivery struct{}

func (brokenDelivery) Envelope() (e queue.Envelope, err error) {
	return e, e.UnmarshalJSON([]byte("{}"))
}
func (brokenDelivery) Attempt() int                               { return 1 }
func (brokenDelivery) Ack(context.Context) error                  { return nil }
func (brokenDelivery) Retry(context.Context, time.Duration) error { return nil }
func (brokenDelivery) Extend(context.Context) error               { return nil }

func TestReceiveIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []error
		b := newBench(t, func(o *queue.Options) {
			o.Queue = &scripted{errs: []error{errDown, errDown}, deliveries: []queue.Delivery{brokenDelivery{}}}
			o.OnError = func(err error) { told = append(told, err) }
		})
		b.run(t, time.Minute)
		require.Len(t, told, 2)
		require.ErrorIs(t, told[0], errDown)
		require.Len(t, b.grave.dead, 1)
	})
}

// A client that cannot deliver is no fault of the message.
func TestClientsFault(t *testing.T) {
	for name, client := range map[string]*consent.Client{
		"none": consent.New(nil, policy, nil), "of a queue": consent.NewQueued(queue.NewMemory(0, 0), policy, nil),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func(o *queue.Options) { o.Client = client })
				b.enqueue(t, "u", "m")
				b.run(t, time.Second/2)
				b.requireStats(t, queue.Stats{Received: 1, Retried: 1, Failed: 1})
				require.Equal(t, 1, b.memory.Len())
			})
		})
	}
}

type panicking struct{ sink }

func (*panicking) Enqueue(analytics.Message) error { panic("secret") }

// A panic of a wrapped client ends one message, and not the Worker.
func TestWorkerSurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *queue.Options) { o.Client = consent.New(&panicking{}, policy, nil) })
		b.enqueue(t, "u", "m1")
		b.enqueue(t, "u", "m2")
		b.run(t, time.Minute)
		b.requireStats(t, queue.Stats{Received: 2, Dead: 2})
	})
}

// What is in flight for longer than a lease is extended, and what comes again all the same
// is not sent twice.
func TestInFlight(t *testing.T) {
	for name, extend := range map[string]time.Duration{"extended": 20 * time.Second, "comes again": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				block := &blocking{release: make(chan struct{})}
				b := newBench(t, func(o *queue.Options) {
					o.Extend, o.Grace = extend, time.Hour
					o.Client = newSegment(t, block)
				})
				b.enqueue(t, "u", "m")
				time.AfterFunc(150*time.Second, func() { close(block.release) })
				b.run(t, 10*time.Minute)
				s := b.worker.Stats()
				require.EqualValues(t, 1, s.Sent)
				require.Equal(t, extend == time.Hour, s.Again > 0)
				require.Zero(t, b.memory.Len())
			})
		})
	}
}

// byDevice are the answers of devices.
type byDevice map[string]consent.State

func (d byDevice) Current(_ context.Context, _, anonymousID string) (consent.State, time.Time, error) {
	return d[anonymousID], time.Time{}, nil
}

// An Alias joins two ids. The answer of both counts.
func TestAnAliasIsOfTheIDBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *queue.Options) { o.Answers = byDevice{"": granted, "p": denied, "q": granted} })
		for _, previous := range []string{"p", "q"} {
			require.NoError(t, b.put.With(granted).Enqueue(analytics.Alias{UserId: "u", PreviousId: previous}))
		}
		b.run(t, time.Second)
		b.requireStats(t, queue.Stats{Received: 2, Sent: 1, Suppressed: 1})
		require.Equal(t, "q", b.sink.got[0].(analytics.Alias).PreviousId)
	})
}

// Forget stops what the Worker holds and has not sent.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.enqueue(t, "u1", "m1")
		b.enqueue(t, "u2", "m2")
		require.NoError(t, b.put.With(granted).Enqueue(analytics.Alias{UserId: "u3", PreviousId: "u1", MessageId: "m3"}))
		forgotten := false
		b.record.before = func() {
			if !forgotten {
				forgotten = true
				require.NoError(t, b.worker.Forget(context.Background(), queue.Person{UserID: "u1"}))
			}
		}
		b.run(t, time.Second)
		b.requireStats(t, queue.Stats{Received: 3, Sent: 1, Forgotten: 2})
		require.Len(t, b.sink.got, 1)
		require.Equal(t, "u2", b.sink.got[0].(analytics.Track).UserId)
		require.Zero(t, b.memory.Len())
	})
}

// What cannot be read is held, too, and under no id that a message may have.
func TestForgetFindsWhateverIDAMessageHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		feed := new(scripted)
		b := newBench(t, func(o *queue.Options) { o.Queue = feed })
		b.enqueue(t, "u1", "\x001")
		received, err := b.memory.Receive(t.Context(), 1)
		require.NoError(t, err)
		feed.deliveries = append(received, brokenDelivery{})
		b.record.before = func() {
			require.NoError(t, b.worker.Forget(context.Background(), queue.Person{UserID: "u1"}))
		}
		b.run(t, time.Second)
		b.requireStats(t, queue.Stats{Received: 2, Dead: 1, Forgotten: 1, Unreadable: 1})
		require.Empty(t, b.sink.got)
	})
}

func TestNewWorkerRefusesAllMistakesAtOnce(t *testing.T) {
	_, err := queue.NewWorker(queue.Options{MaxAge: -1})
	require.ErrorIs(t, err, queue.ErrConfig)
	for _, what := range []string{"no Queue", "no Client", "no Answers", "no DeadLetter", "negative"} {
		require.ErrorContains(t, err, what)
	}
}

// Messages that nobody has the outcome of when Grace is over stay in the queue.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := &blocking{release: make(chan struct{})}
		client := newSegment(t, block)
		b := newBench(t, func(o *queue.Options) { o.Client = client })
		b.enqueue(t, "u", "m")
		begun := time.Now()
		b.run(t, time.Minute)
		require.Equal(t, time.Minute+10*time.Second, time.Since(begun))
		require.Equal(t, 1, b.memory.Len())
		close(block.release)
		require.NoError(t, client.Close())
		require.Equal(t, 1, b.memory.Len(), "the Worker is over")
	})
}
