package consent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// A sender is a client of analytics-go whose every message has one outcome. It is
// the Callback of that client: whatever analytics-go accepts, it reports once.
type sender struct {
	shared *shared
	next   analytics.Client
	caller analytics.Callback // the application's own, or nil
	places places
	wait   time.Duration
	told   sync.WaitGroup     // the callbacks of failed messages
	abort  context.CancelFunc // ends the requests under way
}

// Enqueue hands the message to analytics-go, if there is a place for it and
// analytics-go will be able to send it. Nothing makes analytics-go wait here: its
// loop runs no code of the application, since freeze, Failure and the logger see to
// that.
func (s *sender) Enqueue(m analytics.Message) error {
	m, err := freeze(m)
	if err != nil {
		return err
	}
	if !s.places.take(s.wait) {
		return ErrFull
	}
	if err := s.next.Enqueue(m); err != nil {
		s.places.release()
		return err
	}
	return nil
}

// Close returns when callbacks have too: a program that exits then has told of every
// message it lost. analytics-go waits for those of delivered messages itself. Places are
// not what to wait for: a callback that ends its goroutine leaves some taken.
func (s *sender) Close() error {
	err := s.next.Close()
	s.told.Wait()
	return err
}

// Success is called on a goroutine that has nothing else to do.
func (s *sender) Success(m analytics.Message) {
	defer s.places.release()
	if s.caller != nil {
		s.shared.guard("Callback.Success", func() { s.caller.Success(m) })
	}
	s.shared.settle(m, Outcome{Result: Delivered})
}

// Failure may be called on the loop of analytics-go, which must not wait for a
// callback of the application.
func (s *sender) Failure(m analytics.Message, err error) {
	if s.caller == nil && s.shared.onOutcome == nil {
		s.fail(m, err)
		return
	}
	s.told.Go(func() { s.fail(m, err) })
}

func (s *sender) fail(m analytics.Message, err error) {
	defer s.places.release()
	if s.caller != nil {
		s.shared.guard("Callback.Failure", func() { s.caller.Failure(m, err) })
	}
	s.shared.settle(m, Outcome{Result: Failed, Err: err})
}

// ErrNotTracked is the error of Shutdown and Flush on a Client that does not know
// what became of its messages, since it was not made by NewSegment.
var ErrNotTracked = errors.New("consent: the wrapped client does not tell what became of its messages")

// Shutdown is Close with a deadline: it sends what is queued until ctx is done,
// then gives up what is left, and returns how many messages were lost meanwhile.
// Each of them has the outcome Failed, except one whose callback has not returned
// within a second. The error is that of ctx if it was done first, and
// [analytics.ErrClosed] after another Close or Shutdown.
//
// It needs a client of [NewSegment]; any other is left open, with [ErrNotTracked].
// On a client that With, For or Anonymous returned, Shutdown does nothing.
func (c *Client) Shutdown(ctx context.Context) (lost int, err error) {
	s, err := c.sender()
	if err != nil || c.derived {
		return 0, err
	}
	before := c.shared.counters.failed.Load()
	done := make(chan error, 1)
	go func() { done <- c.shared.close() }()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
		s.abort()
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
	if errors.Is(err, analytics.ErrClosed) {
		return 0, err
	}
	return int(c.shared.counters.failed.Load()-before) + s.places.taken(), err
}

// Flush waits until no message is pending, or until ctx is done, and then returns
// its error. It does not make analytics-go send sooner, which has no way to: that
// takes up to its Interval, 5 seconds by default. While others go on to enqueue,
// there may never be a moment without a pending message.
//
// It needs a client of [NewSegment]; for any other the error is [ErrNotTracked].
func (c *Client) Flush(ctx context.Context) error {
	s, err := c.sender()
	if err != nil {
		return err
	}
	return s.places.idle(ctx)
}

func (c *Client) sender() (*sender, error) {
	if c == nil || c.shared == nil || c.shared.next == nil {
		return nil, ErrNoClient
	}
	s, ok := c.shared.next.(*sender)
	if !ok {
		return nil, ErrNotTracked
	}
	return s, nil
}
