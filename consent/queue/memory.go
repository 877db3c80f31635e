package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/go-consent/segment/consent"
)

// Memory is a Queue in memory, for tests: it forgets all when the process ends. It keeps the
// JSON of envelopes, as an engine does.
type Memory struct {
	lease time.Duration
	max   int

	mu      sync.Mutex
	entries []*entry // in the order in which they came
	changed chan struct{}
}

// An entry is a message in a Memory.
type entry struct {
	text     []byte
	about    Envelope // its ids alone
	put      time.Time
	attempts int
	due      time.Time // it may be received from then on
	leased   bool      // until due
	gone     bool
}

// NewMemory returns a Memory with room for max messages, where a message that was received
// comes again after the lease. Zero: 10,000, and a minute.
func NewMemory(max int, lease time.Duration) *Memory {
	return &Memory{lease: cmp.Or(lease, time.Minute), max: cmp.Or(max, 10_000), changed: make(chan struct{})}
}

// Put implements [Queue].
func (q *Memory) Put(ctx context.Context, c consent.Captured) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := Seal(c)
	if err != nil {
		return err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	e.Captured = consent.Captured{}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.entries) >= q.max {
		return ErrFull
	}
	q.entries = append(q.entries, &entry{text: text, about: e, put: time.Now()})
	q.change()
	return nil
}

// change wakes whoever waits in Receive.
func (q *Memory) change() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Receive implements [Queue].
func (q *Memory) Receive(ctx context.Context, max int) ([]Delivery, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		due, next, changed := q.take(max)
		if len(due) > 0 {
			return due, nil
		}
		var wake <-chan time.Time
		if !next.IsZero() {
			timer := time.NewTimer(time.Until(next))
			defer timer.Stop()
			wake = timer.C
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-wake:
		}
	}
}

// take returns what is due. If nothing is, it returns when that may be otherwise.
func (q *Memory) take(max int) (due []Delivery, next time.Time, changed chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for _, e := range q.entries {
		switch {
		case len(due) == max:
			return due, next, q.changed
		case !e.due.After(now):
			e.attempts++
			e.due, e.leased = now.Add(q.lease), true
			due = append(due, &memoryDelivery{q, e, e.attempts})
		case next.IsZero() || e.due.Before(next):
			next = e.due
		}
	}
	return due, next, q.changed
}

// Forget implements [Queue].
func (q *Memory) Forget(_ context.Context, p Person) error {
	q.remove(func(e *entry) bool { return e.about.IsAbout(p) })
	return nil
}

func (q *Memory) remove(match func(*entry) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.entries[:0]
	for _, e := range q.entries {
		if match(e) {
			e.gone = true
		} else {
			kept = append(kept, e)
		}
	}
	clear(q.entries[len(kept):])
	q.entries = kept
}

// Len returns how many messages are in the queue, those that were received included.
func (q *Memory) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.entries)
}

// Backlog implements [Gauge].
func (q *Memory) Backlog(ctx context.Context) (b Backlog, err error) {
	if err := ctx.Err(); err != nil {
		return Backlog{}, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for _, e := range q.entries {
		if e.leased && e.due.After(now) {
			b.InFlight++
		} else {
			b.Waiting++
		}
	}
	if len(q.entries) > 0 {
		b.Oldest = q.entries[0].put
	}
	return b, nil
}

// A memoryDelivery is one receipt of an entry.
type memoryDelivery struct {
	queue   *Memory
	entry   *entry
	attempt int
}

func (d *memoryDelivery) Envelope() (e Envelope, err error) {
	err = e.UnmarshalJSON(d.entry.text)
	return e, err
}

func (d *memoryDelivery) Attempt() int { return d.attempt }

func (d *memoryDelivery) Ack(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.queue.remove(func(e *entry) bool { return e == d.entry })
	return nil
}

func (d *memoryDelivery) Retry(ctx context.Context, after time.Duration) error {
	return d.again(ctx, after, false)
}

func (d *memoryDelivery) Extend(ctx context.Context) error { return d.again(ctx, d.queue.lease, true) }

func (d *memoryDelivery) again(ctx context.Context, after time.Duration, leased bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	if !d.entry.gone {
		d.entry.due, d.entry.leased = time.Now().Add(after), leased
		d.queue.change()
	}
	return nil
}
