package mparticle

import (
	"context"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// An ending says how much time is left to try again. It begins once.
type ending struct {
	begun    chan struct{} // closed when the fields below are set
	last     bool          // the next attempt of each request is the last one
	deadline time.Time     // zero: there is none
}

// end calls first, refuses what comes, and sends what waits. It returns how many messages had
// failed before, and false if that was done before.
func (s *sender) end(last bool, deadline time.Time, first func()) (failed uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false
	}
	first()
	s.closed, s.last, s.deadline = true, last, deadline
	close(s.begun)
	s.notify()
	return s.failed, true
}

// Close gives each request one more attempt, and waits until all outcomes were told.
func (s *sender) Close() error {
	if _, ok := s.end(true, time.Time{}, func() {}); !ok {
		return analytics.ErrClosed
	}
	<-s.done
	s.giveUp(nil)
	return nil
}

// Shutdown tries until ctx is done, and gives up what is left.
func (s *sender) Shutdown(ctx context.Context) (lost int, err error) {
	deadline, _ := ctx.Deadline()
	before, ok := s.end(false, deadline, func() {
		if ctx.Err() != nil {
			s.giveUp(errAborted) // before anything else leaves
		}
	})
	if !ok {
		return 0, analytics.ErrClosed
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		err = ctx.Err()
		s.giveUp(errAborted)
		select {
		case <-s.done:
		case <-time.After(grace):
		}
	}
	s.giveUp(errAborted)
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.failed - before + s.accepted - s.known), err
}

// isLast reports whether an attempt that begins now is the last one.
func (s *sender) isLast() bool {
	select {
	case <-s.begun:
		return s.last
	default:
		return false
	}
}

// pause waits before the next attempt, and reports whether there is one. Once there is a
// deadline, the wait is at most half of the time that is left.
func (s *sender) pause(wait time.Duration) bool {
	until, begun := time.Now().Add(wait), s.begun
	for {
		timer := time.NewTimer(time.Until(until))
		select {
		case <-timer.C:
			return s.abort.Err() == nil
		case <-s.abort.Done():
			timer.Stop()
			return false
		case <-begun:
			timer.Stop()
			begun = nil
			if s.last {
				return true
			}
			if half := time.Now().Add(time.Until(s.deadline) / 2); !s.deadline.IsZero() && half.Before(until) {
				until = half
			}
		}
	}
}
