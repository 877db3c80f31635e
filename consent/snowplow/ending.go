package snowplow

import (
	"context"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// grace is how long Shutdown waits, after its end, for functions of the application to return.
const grace = time.Second

// An ending says how much time is left to try again. It begins once.
type ending struct {
	begun    chan struct{} // closed when the fields below are set
	last     bool          // the next attempt of each request is the last one
	deadline time.Time     // zero: there is none

	abort  context.Context // done: what is left is given up
	giveUp context.CancelFunc
}

func newEnding() *ending {
	e := &ending{begun: make(chan struct{})}
	e.abort, e.giveUp = context.WithCancel(context.Background())
	return e
}

// begin begins the ending. It is called once.
func (e *ending) begin(last bool, deadline time.Time) {
	e.last, e.deadline = last, deadline
	close(e.begun)
}

// isLast reports whether an attempt that begins now is the last one.
func (e *ending) isLast() bool {
	select {
	case <-e.begun:
		return e.last
	default:
		return false
	}
}

// pause waits until another attempt is due, and reports whether there is one. Once there is a
// deadline, it waits at most half of the time that is left.
func (e *ending) pause(wait time.Duration) bool {
	until, begun := time.Now().Add(wait), e.begun
	for {
		timer := time.NewTimer(time.Until(until))
		select {
		case <-timer.C:
			return e.abort.Err() == nil
		case <-e.abort.Done():
			timer.Stop()
			return false
		case <-begun:
			timer.Stop()
			begun = nil
			if e.last {
				return true
			}
			if half := time.Now().Add(time.Until(e.deadline) / 2); !e.deadline.IsZero() && half.Before(until) {
				until = half
			}
		}
	}
}

// Flush waits until each message that was accepted before has its outcome, or ctx is done.
// Nothing has to be sent for that: what is queued leaves at once.
func (a *adapter) Flush(ctx context.Context) error {
	select {
	case <-a.queue.flushed():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close gives each request one more attempt, and waits until every outcome was told.
func (a *adapter) Close() error {
	if !a.queue.close() {
		return analytics.ErrClosed
	}
	a.ending.begin(true, time.Time{})
	a.senders.Wait()
	a.ending.giveUp() // nobody is left
	return nil
}

// Shutdown tries until ctx is done, and gives up what is left. It returns how many messages
// were lost meanwhile.
func (a *adapter) Shutdown(ctx context.Context) (lost int, err error) {
	before := a.failed.Load()
	if ctx.Err() != nil {
		a.ending.giveUp() // before anything else leaves
	}
	if !a.queue.close() {
		return 0, analytics.ErrClosed
	}
	deadline, _ := ctx.Deadline()
	a.ending.begin(false, deadline)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.senders.Wait()
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
		a.ending.giveUp()
		select {
		case <-ended:
		case <-time.After(grace):
		}
	}
	a.ending.giveUp()
	return int(a.failed.Load()-before) + a.queue.left(), err
}
