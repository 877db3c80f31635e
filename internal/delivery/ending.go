package delivery

import "time"

// An ending says how much time is left to retry. It begins once.
type ending struct {
	begun    chan struct{} // closed when the fields below are set
	last     bool          // the next attempt of each batch is the last one
	deadline time.Time     // zero: there is none
}

func (e *ending) begin(as ending) {
	e.last, e.deadline = as.last, as.deadline
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

// pause waits before the next attempt, and reports whether there is one. Close ends the
// wait. Once there is a deadline, the wait is at most half of the time left, so that a
// server that asks for more is tried again before everything is lost.
func (s *Sender) pause(wait time.Duration) bool {
	until := time.Now().Add(wait)
	begun := s.ending.begun
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
			if s.ending.last {
				return true
			}
			if d := s.ending.deadline; !d.IsZero() {
				if half := time.Now().Add(time.Until(d) / 2); half.Before(until) {
					until = half
				}
			}
		}
	}
}
