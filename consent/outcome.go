package consent

import (
	"errors"
	"sync/atomic"

	"github.com/segmentio/analytics-go/v3"
)

// A Result is what became of a message in the end. Every message that Enqueue is
// given has exactly one.
type Result string

const (
	// Delivered: Segment took the batch that held the message.
	Delivered Result = "delivered"
	// Failed: the message was accepted and then lost; Outcome.Err says how.
	Failed Result = "failed"
	// Suppressed: consent kept the message home; Outcome.Decision says why.
	Suppressed Result = "suppressed"
	// Refused: Enqueue returned an error, which is Outcome.Err.
	Refused Result = "refused"
	// Accepted: a client that was passed to New took the message. What it does
	// with it, it tells nobody; a client of NewSegment ends in Delivered or Failed.
	Accepted Result = "accepted"
)

// An Outcome tells what became of a message, and why.
type Outcome struct {
	Result   Result
	Decision Decision // of a suppressed message
	Reason   Reason   // why it was suppressed
	Err      error    // of a failed or refused one
}

// ErrFull is the error of a message for which there was no place: as many as
// [Options.MaxPending] had no outcome yet.
var ErrFull = errors.New("consent: too many messages are pending")

// ErrNoJSON is the error of a message that holds something without a JSON form. It
// names the type and not the value.
var ErrNoJSON = errors.New("consent: a message that has no JSON form")

// Stats counts the messages given to a Client and those derived from it. Once no
// message is pending, Enqueued is the sum of the five results.
type Stats struct {
	Enqueued   uint64 // calls of Enqueue
	Delivered  uint64
	Failed     uint64
	Suppressed uint64
	Refused    uint64
	Accepted   uint64
}

// Pending returns how many messages have no outcome yet.
func (s Stats) Pending() uint64 {
	return s.Enqueued - s.Delivered - s.Failed - s.Suppressed - s.Refused - s.Accepted
}

// counters are Stats that many goroutines count up.
type counters struct {
	enqueued, delivered, failed, suppressed, refused, accepted atomic.Uint64
}

func (c *counters) count(r Result) {
	switch r {
	case Delivered:
		c.delivered.Add(1)
	case Failed:
		c.failed.Add(1)
	case Suppressed:
		c.suppressed.Add(1)
	case Refused:
		c.refused.Add(1)
	case Accepted:
		c.accepted.Add(1)
	}
}

// stats reads enqueued last, so that Pending is never less than nothing.
func (c *counters) stats() Stats {
	s := Stats{
		Delivered: c.delivered.Load(), Failed: c.failed.Load(), Suppressed: c.suppressed.Load(),
		Refused: c.refused.Load(), Accepted: c.accepted.Load(),
	}
	s.Enqueued = c.enqueued.Load()
	return s
}

// settle counts the outcome of a message and tells it to the application. A hook
// that panics must not take with it what called it, which may be the goroutine
// that sends for everybody.
func (s *shared) settle(m analytics.Message, o Outcome) {
	s.counters.count(o.Result)
	if s.onOutcome != nil {
		s.guard("OnOutcome", func() { s.onOutcome(copyOf(m), o) })
	}
}

// guard calls a function of the application and logs its panic, without the value,
// which may be anybody's.
func (s *shared) guard(name string, call func()) {
	defer func() {
		if r := recover(); r != nil {
			s.log("consent: %s panicked with a %T", name, r)
		}
	}()
	call()
}
