package consent

import (
	"iter"
	"sync/atomic"
)

// A Result is what became of a message in the end. Every message given to Enqueue has
// exactly one.
type Result string

const (
	// Delivered: Segment took the batch that held the message.
	Delivered Result = "delivered"
	// Failed: the message was accepted and then lost; Outcome.Err says how.
	Failed Result = "failed"
	// Suppressed: consent did not let the message leave; Outcome.Reason says why.
	Suppressed Result = "suppressed"
	// Refused: Enqueue returned an error, which is Outcome.Err, or ended with the
	// goroutine that called it ([ErrExited]).
	Refused Result = "refused"
	// Accepted: a client that was passed to New took the message. What became of it
	// there is not known; with a client of NewSegment it is Delivered or Failed.
	Accepted Result = "accepted"
	// Queued: the queue of [NewQueued] took the message. The client of [Client.Deliver]
	// tells what becomes of it.
	Queued Result = "queued"
	// Discarded: the message went to [Discard], which sends nothing.
	Discarded Result = "discarded"
)

// An Outcome tells what became of a message, and why. The text of its error contains
// nothing of the message, nor of the server's response.
type Outcome struct {
	Result   Result
	Decision Decision // of a suppressed message
	Reason   Reason   // why it was suppressed
	Err      error    // of a failed or refused one
}

// Stats counts the messages given to a Client and those derived from it. Once no
// message is pending, Enqueued is the sum of the seven results.
type Stats struct {
	Enqueued   uint64 // calls of Enqueue
	Delivered  uint64
	Failed     uint64
	Suppressed uint64
	Refused    uint64
	Accepted   uint64
	Queued     uint64
	Discarded  uint64

	// Unbound counts, among Enqueued, the messages of a Client that was never bound to
	// the State of anybody, or that For bound to a context without one: most likely the
	// middleware is missing, or the context is not that of the request.
	Unbound uint64

	// Exempt counts, among Enqueued, the messages of a client of [Client.Exempt].
	Exempt uint64

	// Unenforced counts, among Enqueued, the messages that left as they were given: see
	// [Options.DangerouslySendUnchanged].
	Unenforced uint64
}

// results lists the results, and where Stats counts them.
var results = [...]struct {
	result Result
	of     func(*Stats) *uint64
}{
	{Delivered, func(s *Stats) *uint64 { return &s.Delivered }},
	{Failed, func(s *Stats) *uint64 { return &s.Failed }},
	{Suppressed, func(s *Stats) *uint64 { return &s.Suppressed }},
	{Refused, func(s *Stats) *uint64 { return &s.Refused }},
	{Accepted, func(s *Stats) *uint64 { return &s.Accepted }},
	{Queued, func(s *Stats) *uint64 { return &s.Queued }},
	{Discarded, func(s *Stats) *uint64 { return &s.Discarded }},
}

// Results returns how many messages had each result, in an order that stays the same.
func (s Stats) Results() iter.Seq2[Result, uint64] {
	return func(yield func(Result, uint64) bool) {
		for _, r := range results {
			if !yield(r.result, *r.of(&s)) {
				return
			}
		}
	}
}

// Pending returns how many messages have no outcome yet.
func (s Stats) Pending() uint64 {
	pending := s.Enqueued
	for _, r := range results {
		pending -= *r.of(&s)
	}
	return pending
}

// counters are Stats that many goroutines count up.
type counters struct {
	enqueued, unbound, exempt, unenforced atomic.Uint64

	by [len(results)]atomic.Uint64 // in the order of results
}

func (c *counters) count(r Result) {
	for i := range results {
		if results[i].result == r {
			c.by[i].Add(1)
		}
	}
}

// stats reads enqueued last, so that Pending is never less than nothing.
func (c *counters) stats() (s Stats) {
	for i, r := range results {
		*r.of(&s) = c.by[i].Load()
	}
	s.Unbound, s.Exempt, s.Unenforced = c.unbound.Load(), c.exempt.Load(), c.unenforced.Load()
	s.Enqueued = c.enqueued.Load()
	return s
}
