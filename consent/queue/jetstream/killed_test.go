package jetstream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
)

// A killedChild is what the process that is killed is told, in an environment variable.
type killedChild struct {
	Dir     string
	Synced  bool
	Life    int    // which one of its lives it is
	Parent  string // URL of what stands before Segment, and of the answers
	Key     string // the write key
	Produce int    // messages, at most
}

const (
	killedVariable  = "CONSENT_KILLED_CHILD"
	killedProducers = 8
	killedLease     = 500 * time.Millisecond
)

// What the child tells its parent, a line each with the id of a message. A pipe outlives
// whoever wrote to it.
const (
	toldTaken      = "taken"      // Enqueue returned nil
	toldSuppressed = "suppressed" // by OnOutcome
	toldDead       = "dead"       // by DeadLetter
	toldOpen       = "open"       // the queue
	toldEmpty      = "empty"      // likewise
)

// TestKilledChild is the process that TestKill kills.
func TestKilledChild(t *testing.T) {
	text := os.Getenv(killedVariable)
	if text == "" {
		t.Skip("a process of TestKill")
	}
	var c killedChild
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	if err := c.live(); err != nil {
		t.Fatal(err)
	}
}

// live puts messages into the queue and delivers them, until it is killed. A child that has
// no more to produce ends when the queue is empty.
func (c killedChild) live() error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	q, err := jetstream.Open(ctx, jetstream.Options{Dir: c.Dir, Synced: c.Synced, Lease: killedLease, MaxBytes: 4 << 30})
	if err != nil {
		return err
	}
	tell := newTeller(os.Stdout)
	tell.line(toldOpen, "")
	client, err := consent.NewSegment(c.Key, analytics.Config{
		Endpoint: fmt.Sprint(c.Parent, "/life/", c.Life), Interval: 2 * time.Millisecond, BatchSize: 20, Logger: quiet{},
		RetryAfter: func(n int) time.Duration { return time.Millisecond << min(n, 5) },
	}, killPolicy, &consent.Options{OnOutcome: func(m analytics.Message, o consent.Outcome) {
		if o.Result == consent.Suppressed {
			tell.line(toldSuppressed, m.(analytics.Track).MessageId)
		}
	}})
	if err != nil {
		return err
	}
	worker, err := queue.NewWorker(queue.Options{
		Queue: q, Client: client, Answers: remoteAnswers{c}, Rate: 1 << 20, Extend: killedLease / 5, MaxHeld: 300,
		Backoff: func(n int) time.Duration { return time.Millisecond << min(n, 8) },
		DeadLetter: func(_ context.Context, d queue.Dead) error {
			e, err := d.Delivery.Envelope()
			if err == nil {
				tell.line(toldDead, e.MessageID)
			}
			return err
		},
	})
	if err != nil {
		return err
	}
	var helpers sync.WaitGroup
	helpers.Go(func() { _ = worker.Run(ctx) })
	c.produce(q, tell)
	for quiet, before := 0, uint64(0); quiet < 1000; time.Sleep(20 * time.Millisecond) {
		depth, err := q.Depth(ctx)
		switch {
		case err != nil:
			return err
		case depth.Messages == 0:
			quiet = 1000
		case depth.Received == 0 && worker.Stats().Received == before:
			quiet++
		default:
			quiet, before = 0, worker.Stats().Received
		}
	}
	depth, err := q.Depth(ctx)
	if err != nil {
		return err
	}
	stop()
	helpers.Wait()
	tell.line(toldEmpty, fmt.Sprintf("%d are left. %+v %+v", depth.Messages, worker.Stats(), q.Stats()))
	return errors.Join(client.Close(), q.Close())
}

// produce enqueues what the child is to produce.
func (c killedChild) produce(q *jetstream.Queue, tell *teller) {
	tracker := consent.NewQueued(q, killPolicy, nil)
	var producers sync.WaitGroup
	for p := range killedProducers {
		producers.Go(func() {
			for n := range c.Produce / killedProducers {
				m := killedMessage{Life: c.Life, Producer: p, N: n}
				var err error
				if m.gone() { // a policy of then named a destination that is gone
					err = q.Put(context.Background(), m.captured())
				} else {
					err = tracker.With(m.state()).Enqueue(m.track())
				}
				if err == nil {
					tell.line(toldTaken, m.id())
				}
				time.Sleep(time.Duration(n%7) * 200 * time.Microsecond)
			}
		})
	}
	producers.Wait()
}

// A killedMessage is a message, of which all follows from its id.
type killedMessage struct{ Life, Producer, N int }

func (m killedMessage) id() string { return fmt.Sprintf("m-%d-%d-%d", m.Life, m.Producer, m.N) }

func (m killedMessage) track() analytics.Track {
	return analytics.Track{
		Event: "Order Completed", MessageId: m.id(), AnonymousId: "a-" + m.id(), UserId: fmt.Sprint("u", m.user()),
		Properties: analytics.NewProperties().SetOrderId(m.id()).SetTotal(24.90),
	}
}

// user is who it is about, of 20.
func (m killedMessage) user() int { return (m.Life*31 + m.Producer*7 + m.N) % killedUsers }

// state is what counts when it is captured: of seven, two had granted one category alone.
func (m killedMessage) state() consent.State {
	return consent.NewState(map[string]bool{"analytics": m.N%7 != 3, "advertising": m.N%7 != 5})
}

func (m killedMessage) gone() bool { return m.N%11 == 10 }

func (m killedMessage) captured() consent.Captured {
	track := m.track()
	track.Timestamp = time.Now()
	return consent.Captured{
		Message: track, States: []consent.State{m.state()}, At: time.Now(),
		Necessary: []consent.Claim{{Why: "a test", Destinations: []string{"Gone"}}},
	}
}

// remoteAnswers asks the parent, which outlives the child.
type remoteAnswers struct{ killedChild }

func (r remoteAnswers) Current(ctx context.Context, userID, anonymousID string) (s consent.State, given time.Time, err error) {
	at := fmt.Sprintf("%s/answer?life=%d&user=%s&anonymous=%s", r.Parent, r.Life, url.QueryEscape(userID), url.QueryEscape(anonymousID))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return s, given, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, given, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	if err == nil {
		err = s.UnmarshalText(text)
	}
	return s, time.Now(), err
}

// A teller writes lines, each at once.
type teller struct {
	mu sync.Mutex
	to *os.File
}

func newTeller(to *os.File) *teller { return &teller{to: to} }

func (t *teller) line(what, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.to, what+" "+id+"\n")
}

// linesOf calls f for each whole line.
func linesOf(r io.Reader, f func(string)) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // the last one may be half of a line
		}
		f(line[:len(line)-1])
	}
}

type quiet struct{}

func (quiet) Logf(string, ...any)   {}
func (quiet) Errorf(string, ...any) {}
