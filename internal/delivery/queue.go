package delivery

import (
	"container/list"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// A queue holds the messages without an outcome, within its limits, and cuts those that
// wait into batches.
type queue struct {
	limits limits

	mu        sync.Mutex
	waiting   []item         // in the order of their arrival
	size      int            // of their JSON
	due       int            // number of them that leave even if the batch is not full
	underway  int            // batches that were cut and not sent
	pending   int            // messages that were accepted and whose outcome is not told
	memory    int            // that they hold
	blocked   list.List      // of *applicant, in the order of their arrival
	groups    []*group       // with a pending message; the last one is open
	closed    atomic.Bool    // nothing is accepted any more; set with the lock held
	empty     chan struct{}  // closed when the queue is, and no message is pending
	start     func(b *batch) // sends a batch; called with the lock held
	uncounted atomic.Int64   // messages that were accepted and whose outcome is not known
	timer     *time.Timer    // runs while something waits
	ticking   bool
}

// limits are those of a queue.
type limits struct {
	pending  int           // messages
	memory   int           // bytes
	batch    int           // messages in a batch
	size     int           // bytes of JSON in a batch
	underway int           // batches on their way
	interval time.Duration // until a message leaves in a batch that is not full
}

// An item is an accepted message.
type item struct {
	message analytics.Message
	size    int // of its JSON, at most
	memory  int
	group   *group
	done    func(error) // or nil
}

// A group is the messages between two calls of Flush.
type group struct {
	pending int
	done    chan struct{} // closed when the last of them has its outcome
}

// An applicant waits for a place.
type applicant struct {
	item   item
	answer chan error // gets one answer; nil if the message was accepted
}

func newQueue(l limits, start func(*batch)) *queue {
	q := &queue{limits: l, empty: make(chan struct{}), start: start}
	q.timer = time.AfterFunc(time.Hour, q.tick)
	q.timer.Stop()
	return q
}

// put accepts the message if there is room for it within the time, else it returns
// ErrFull.
func (q *queue) put(i item, wait time.Duration) error {
	q.mu.Lock()
	switch {
	case q.closed.Load():
		q.mu.Unlock()
		return analytics.ErrClosed
	case q.blocked.Len() == 0 && q.fits(i):
		q.accept(i)
		q.mu.Unlock()
		return nil
	case wait <= 0:
		q.mu.Unlock()
		return ErrFull
	}
	a := &applicant{i, make(chan error, 1)}
	place := q.blocked.PushBack(a)
	q.mu.Unlock()

	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-a.answer:
		return err
	case <-timer.C:
		q.mu.Lock()
		defer q.mu.Unlock()
		select {
		case err := <-a.answer: // at the last moment
			return err
		default:
			q.blocked.Remove(place)
			q.admit() // the next one may need less room
			return ErrFull
		}
	}
}

// fits reports whether there is room. A message larger than all of it fits alone.
func (q *queue) fits(i item) bool {
	return q.pending == 0 || q.pending < q.limits.pending && q.memory+i.memory <= q.limits.memory
}

func (q *queue) accept(i item) {
	if len(q.groups) == 0 || q.groups[len(q.groups)-1].done != nil {
		q.groups = append(q.groups, new(group))
	}
	i.group = q.groups[len(q.groups)-1]
	i.group.pending++
	q.pending++
	q.uncounted.Add(1)
	q.memory += i.memory
	q.waiting = append(q.waiting, i)
	q.size += i.size
	q.cut()
}

// admit admits the first waiting applicants, as long as there is room.
func (q *queue) admit() {
	for first := q.blocked.Front(); first != nil; first = q.blocked.Front() {
		a := first.Value.(*applicant)
		if !q.fits(a.item) {
			return
		}
		q.blocked.Remove(first)
		q.accept(a.item)
		a.answer <- nil
	}
}

// settled is called when a message has its outcome.
func (q *queue) settled(i item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending--
	q.memory -= i.memory
	i.group.pending--
	if i.group.pending == 0 {
		q.forget(i.group)
	}
	q.admit()
	q.check()
}

func (q *queue) forget(g *group) {
	for n := range q.groups {
		if q.groups[n] == g {
			q.groups = append(q.groups[:n], q.groups[n+1:]...)
			break
		}
	}
	if g.done != nil {
		close(g.done)
	}
}

// sent is called when a batch is no longer on its way.
func (q *queue) sent() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.underway--
	q.cut()
}

// tick sends everything that waits.
func (q *queue) tick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ticking = false
	q.due = len(q.waiting)
	q.cut()
}

// flush sends everything that waits. It returns channels that are closed when all messages
// accepted before have their outcomes.
func (q *queue) flush() (done []<-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.due = len(q.waiting)
	q.cut()
	for _, g := range q.groups {
		if g.done == nil {
			g.done = make(chan struct{})
		}
		done = append(done, g.done)
	}
	return done
}

// close calls first, refuses waiting applicants, and sends everything that waits. It
// reports false if the queue was closed before.
func (q *queue) close(first func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed.Swap(true) {
		return false
	}
	first()
	for q.blocked.Len() > 0 {
		q.blocked.Remove(q.blocked.Front()).(*applicant).answer <- analytics.ErrClosed
	}
	q.due = len(q.waiting)
	q.cut()
	q.check()
	return true
}

// release sends everything at once, however many batches are on their way.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limits.underway = math.MaxInt
	q.due = len(q.waiting)
	q.cut()
}

func (q *queue) check() {
	if q.closed.Load() && q.pending == 0 {
		select {
		case <-q.empty:
		default:
			close(q.empty)
		}
	}
}

// cut starts batches: full ones, and what is due. It keeps the timer.
func (q *queue) cut() {
	for len(q.waiting) > 0 && q.underway < q.limits.underway {
		n, size, full := q.next()
		if !full && q.due == 0 {
			break
		}
		b := &batch{items: q.waiting[:n:n]}
		q.waiting, q.size, q.due = q.waiting[n:], q.size-size, max(q.due-n, 0)
		q.underway++
		q.start(b)
	}
	switch {
	case len(q.waiting) == 0:
		q.timer.Stop()
		q.waiting, q.ticking = nil, false
	case !q.ticking && q.due < len(q.waiting):
		q.timer.Reset(q.limits.interval)
		q.ticking = true
	}
}

// next returns how many messages the next batch has, and whether it is full. It looks at
// them only if there may be a full one.
func (q *queue) next() (n, size int, full bool) {
	if len(q.waiting) < q.limits.batch && q.size <= q.limits.size && q.due == 0 {
		return 0, 0, false
	}
	for n < len(q.waiting) && n < q.limits.batch {
		size += q.waiting[n].size
		if n > 0 && size > q.limits.size {
			return n, size - q.waiting[n].size, true
		}
		n++
	}
	return n, size, n == q.limits.batch
}
