package queue

import "sync/atomic"

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

	Failed uint64 // calls of the Queue, Answers or DeadLetter that returned an error
	Held   uint64 // that the Worker holds now
}

type counters struct {
	received, sent, suppressed, retried, dead, again, forgotten, failed atomic.Uint64
}

// Stats returns what was counted so far.
func (w *Worker) Stats() Stats {
	c := &w.counters
	s := Stats{
		Sent: c.sent.Load(), Suppressed: c.suppressed.Load(), Retried: c.retried.Load(), Dead: c.dead.Load(),
		Again: c.again.Load(), Forgotten: c.forgotten.Load(), Failed: c.failed.Load(),
	}
	s.Received = c.received.Load()
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Held = uint64(len(w.held))
	return s
}
