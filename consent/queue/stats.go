package queue

import (
	"errors"
	"sync/atomic"
)

// Stats count deliveries: a message that comes again counts again. Once the Worker holds
// nothing, Received is the sum of the six after it.
type Stats struct {
	Received uint64

	Sent       uint64 // with the outcome Delivered, Accepted or Discarded
	Suppressed uint64 // consent did not let it leave
	Retried    uint64 // it comes again
	Dead       uint64 // DeadLetter took it
	Again      uint64 // it was held already, and so only extended
	Forgotten  uint64 // by Worker.Forget, while it was held

	Redelivered uint64 // of those received: it had been received before
	TooOld      uint64 // of the dead: with ErrTooOld
	TooOften    uint64 // of the dead: with ErrAttempts
	Unreadable  uint64 // of the dead: with ErrEnvelope

	Failed  uint64 // calls of the Queue, Answers or DeadLetter that returned an error, and failed messages
	Limited uint64 // how often the Worker waited since Segment had answered 429
	Held    uint64 // that the Worker holds now
}

type counters struct {
	received, sent, suppressed, retried, dead, again, forgotten atomic.Uint64

	redelivered, tooOld, tooOften, unreadable, failed, limited atomic.Uint64
}

// bury counts a dead letter.
func (c *counters) bury(why error) {
	switch {
	case errors.Is(why, ErrTooOld):
		c.tooOld.Add(1)
	case errors.Is(why, ErrAttempts):
		c.tooOften.Add(1)
	case errors.Is(why, ErrEnvelope):
		c.unreadable.Add(1)
	}
	c.dead.Add(1)
}

// Stats returns what was counted so far.
func (w *Worker) Stats() Stats {
	c := &w.counters
	s := Stats{
		TooOld: c.tooOld.Load(), TooOften: c.tooOften.Load(), Unreadable: c.unreadable.Load(),
		Sent: c.sent.Load(), Suppressed: c.suppressed.Load(), Retried: c.retried.Load(), Dead: c.dead.Load(),
		Again: c.again.Load(), Forgotten: c.forgotten.Load(), Failed: c.failed.Load(), Limited: c.limited.Load(),
		Redelivered: c.redelivered.Load(),
	}
	s.Received = c.received.Load()
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Held = uint64(len(w.held))
	return s
}
