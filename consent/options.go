package consent

import (
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// Options are the options of a Client. The zero value, or nil, has none of them.
type Options struct {
	// OnDecision is called for every valid message before it is sent or suppressed,
	// on the goroutine that called Enqueue. The message is the caller's, by value;
	// its maps and context are the caller's own and must not be changed. The
	// Decision includes what the caller's integrations closed; OnOutcome tells whether
	// the message was suppressed. A panic is logged and
	// stops there, as with the other hooks and the Policy.
	OnDecision func(analytics.Message, Decision)

	// OnOutcome is called once for every message given to Enqueue, when its outcome
	// is known: for a suppressed or refused one on the goroutine that called
	// Enqueue, before it returns; for a delivered or failed one later, on another.
	// The message is a copy, as it was sent or, if it was not, as the caller gave
	// it. Calls come from many goroutines at once, for the messages of a batch one after
	// the other. They must not call Close or Flush, which wait for them. One that
	// enqueues again what was refused, and so is called for that again, is at some depth
	// no longer called; the outcome is counted and a line logged.
	OnOutcome func(analytics.Message, Outcome)

	// MaxPending limits how many messages may be without an outcome at a client of
	// NewSegment, which bounds its memory when Segment does not answer or a
	// callback is slow. Zero: 10,000.
	MaxPending int

	// MaxPendingBytes limits about how many bytes of memory those messages may hold.
	// Zero: 64 MiB. What is on its way to Segment, at most 10 requests of 500 KB at
	// once, needs some more.
	MaxPendingBytes int

	// Wait is how long Enqueue may wait for a place when one of these limits is
	// reached; then it returns ErrFull. Zero: it does not wait.
	Wait time.Duration
}
