package delivery

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

const (
	maxUnderway = 10               // batches on their way, those between two attempts included
	grace       = time.Second      // for callbacks, after the deadline of Shutdown
	never       = 24 * time.Hour   // analytics-go must not send by itself
	envelope    = 512              // of a batch, without its context
	minBatch    = maxMessage + 100 // always room for one message
)

// Config is the configuration of a Sender.
type Config struct {
	WriteKey string
	// Segment is checked by the caller. Its DefaultContext must be frozen, and must not
	// change; its Callback is not called.
	Segment analytics.Config
	// MaxPending is how many messages may be without an outcome, and MaxPendingBytes about
	// how much memory they may hold. Wait is how long Send may wait for a place.
	MaxPending, MaxPendingBytes int
	Wait                        time.Duration
	// Count is called once for each accepted message when its outcome is known, with nil
	// if it was delivered. It must return at once.
	Count func(err error)
	// Tell is called once for each accepted message, after Count, for those of a batch one
	// after the other. It must not panic, but may end its goroutine.
	Tell func(m analytics.Message, err error)
}

// A Sender is an Outlet that knows the outcome of each message it accepts.
type Sender struct {
	config Config
	log    Logger
	queue  *queue
	failed atomic.Int64

	limited  atomic.Pointer[time.Time] // no attempt begins before that; nil: there is no limit
	refusals atomic.Int64              // answers of 429 since the last success

	abort  context.Context // done: give up all requests
	giveUp context.CancelCauseFunc
	ending ending
}

// NewSender returns a Sender. The error is that of analytics-go.
func NewSender(c Config) (*Sender, error) {
	s := &Sender{config: c, log: NewLogger(c.Segment.Logger), ending: ending{begun: make(chan struct{})}}
	s.abort, s.giveUp = context.WithCancelCause(context.Background())
	first, err := (&batch{sender: s}).client() // checks the configuration
	if err != nil {
		return nil, err
	}
	if err := first.Close(); err != nil {
		return nil, fmt.Errorf("closing a client of analytics-go: %w", err)
	}
	s.queue = newQueue(limits{
		pending:  c.MaxPending,
		memory:   c.MaxPendingBytes,
		batch:    orDefault(c.Segment.BatchSize, analytics.DefaultBatchSize),
		size:     max(maxBatch-envelope-sizeOf(c.Segment.DefaultContext), minBatch),
		underway: maxUnderway,
		interval: orDefault(c.Segment.Interval, analytics.DefaultInterval),
	}, func(b *batch) {
		b.sender = s
		go b.deliver()
	})
	return s, nil
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}

// Send implements [Outlet]. It does not block, except for Config.Wait and the MarshalJSON
// methods of the message's values.
func (s *Sender) Send(m *Message, integrations int) (tracked bool, err error) {
	if m.Timestamp.IsZero() {
		*m.Timestamp = time.Now() // analytics-go would take the time of the batch
	}
	size, memory, err := freeze(m, integrations)
	if err != nil {
		return true, err
	}
	return true, s.queue.put(item{message: m.Pointer(), size: size, memory: memory, done: m.Done}, s.config.Wait)
}

// Flush implements [Outlet]. Messages accepted meanwhile do not delay it. It must not be
// called from Config.Tell, which it waits for.
func (s *Sender) Flush(ctx context.Context) error {
	for _, done := range s.queue.flush() {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Close implements [Outlet]. Each batch has one more attempt. It returns when Config.Tell
// has returned for each message, and must not be called from there.
func (s *Sender) Close() error {
	if !s.queue.close(func() { s.ending.begin(ending{last: true}) }) {
		return analytics.ErrClosed
	}
	<-s.queue.empty
	s.giveUp(nil)
	return nil
}

// Shutdown implements [Outlet]. It retries until the deadline; then it gives up what is
// left, and returns at most a second later, however long Config.Tell takes.
func (s *Sender) Shutdown(ctx context.Context) (lost int, err error) {
	before := s.failed.Load()
	closed := s.queue.close(func() {
		deadline, _ := ctx.Deadline()
		s.ending.begin(ending{deadline: deadline})
		if ctx.Err() != nil {
			s.giveUp(errAborted) // before anything else leaves
		}
	})
	if !closed {
		return 0, analytics.ErrClosed
	}
	select {
	case <-s.queue.empty:
	case <-ctx.Done():
		err = ctx.Err()
		s.giveUp(errAborted)
		s.queue.release()
		select {
		case <-s.queue.empty:
		case <-time.After(grace):
		}
	}
	s.giveUp(errAborted)
	return int(s.failed.Load() - before + s.queue.uncounted.Load()), err
}

// IsClosed implements [Outlet].
func (s *Sender) IsClosed() bool { return s.queue.closed.Load() }

func (s *Sender) count(err error) {
	if err != nil {
		s.failed.Add(1)
	}
	s.config.Count(err)
	s.queue.uncounted.Add(-1)
}
