package snowplow

import (
	"slices"
	"sync"

	"github.com/segmentio/analytics-go/v3"
	"github.com/snowplow/snowplow-golang-tracker/v3/pkg/payload"

	"github.com/go-consent/segment/consent"
)

// Limits of a request. The bytes are those of its body.
const (
	maxRequestBytes  = 150_000
	maxRequestEvents = 500
)

// A queued is a message that was accepted.
type queued struct {
	message analytics.Message // for its outcome
	payload payload.Payload
	size    int // of the payload in the body of a request, at most
	round   int // of flushes, in which it was accepted
}

// A queue holds what was accepted and not yet taken, and counts what has no outcome.
type queue struct {
	maxPending, maxBytes int

	mu      sync.Mutex
	changed sync.Cond // of closed, and for takers
	waiting []queued
	pending int
	bytes   int
	closed  bool

	round   int         // how often flushed was called
	untold  map[int]int // messages whose outcome was not told, by round
	flushes []flush
}

// A flush waits until no message of its round, or of one before, is untold.
type flush struct {
	round int
	done  chan struct{}
}

func newQueue(maxPending, maxBytes int) *queue {
	q := &queue{maxPending: maxPending, maxBytes: maxBytes, untold: make(map[int]int)}
	q.changed.L = &q.mu
	return q
}

func (q *queue) put(x queued) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return analytics.ErrClosed
	case q.pending >= q.maxPending || q.pending > 0 && q.bytes+x.size > q.maxBytes:
		return consent.ErrFull
	}
	x.round = q.round
	q.untold[x.round]++
	q.waiting = append(q.waiting, x)
	q.pending++
	q.bytes += x.size
	q.changed.Signal()
	return nil
}

// take waits for something to send in one request. It returns nil when the queue is closed
// and empty.
func (q *queue) take() (batch []queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 {
		if q.closed {
			return nil
		}
		q.changed.Wait()
	}
	n, size := 0, 0
	for n < len(q.waiting) && n < maxRequestEvents {
		if size += q.waiting[n].size; n > 0 && size > maxRequestBytes {
			break
		}
		n++
	}
	batch = q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	if len(q.waiting) == 0 {
		q.waiting = nil
	}
	return batch
}

// done makes room for another message.
func (q *queue) done(x queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending--
	q.bytes -= x.size
}

// told notes that the outcome of a message was told.
func (q *queue) told(x queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.untold[x.round]--; q.untold[x.round] > 0 {
		return
	}
	delete(q.untold, x.round)
	q.flushes = slices.DeleteFunc(q.flushes, func(f flush) bool {
		if q.isUntold(f.round) {
			return false
		}
		close(f.done)
		return true
	})
}

// isUntold reports whether a message of that round, or of one before, is untold.
func (q *queue) isUntold(round int) bool {
	for r := range q.untold {
		if r <= round {
			return true
		}
	}
	return false
}

// flushed returns a channel that is closed when the outcome of each message accepted so far
// was told.
func (q *queue) flushed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	f := flush{q.round, make(chan struct{})}
	if q.round++; q.isUntold(f.round) {
		q.flushes = append(q.flushes, f)
	} else {
		close(f.done)
	}
	return f.done
}

// left returns how many messages have no outcome.
func (q *queue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending
}

// close reports false if the queue was closed before.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.closed = true
	q.changed.Broadcast()
	return true
}
