package mparticle

import (
	"cmp"
	"context"
	"log"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

const (
	defaultInterval   = 5 * time.Second
	defaultPending    = 10_000
	defaultPendingMem = 64 << 20
	grace             = time.Second // for callbacks, after the deadline of Shutdown
)

// A sender is an analytics.Client that sends to mParticle, one request after the other. What it
// accepts has its outcome in the same order.
type sender struct {
	config     Config
	maxPending int
	maxMemory  int
	wait       time.Duration
	tell       func(analytics.Message, error)

	mu       sync.Mutex
	waiting  []item
	size     int           // of what waits, in bytes of JSON
	memory   int           // of what has no outcome
	accepted uint64        // messages, ever
	known    uint64        // of them, those whose outcome is known
	failed   uint64        // of those
	told     uint64        // and those of which somebody was told
	due      uint64        // how many of the accepted ones leave even if a request is not full
	changed  chan struct{} // closed and replaced when told grows
	wake     chan struct{} // tells run that something changed
	closed   bool

	ending
	abort  context.Context // done: give up
	giveUp context.CancelCauseFunc
	done   chan struct{} // closed when it is closed and everything was told
}

// An item is an entry that was accepted.
type item struct {
	entry
	memory int
	at     time.Time
	err    error // why it was lost
}

func newSender(c Config, o consent.Options) *sender {
	s := &sender{
		config: c, maxPending: cmp.Or(o.MaxPending, defaultPending), maxMemory: cmp.Or(o.MaxPendingBytes, defaultPendingMem), wait: o.Wait,
		changed: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	s.config.Interval = cmp.Or(c.Interval, defaultInterval)
	if c.Logf == nil {
		s.config.Logf = log.Printf
	}
	s.begun = make(chan struct{})
	s.abort, s.giveUp = context.WithCancelCause(context.Background())
	go s.run(nil)
	return s
}

// Tells is what consent.New looks for.
func (s *sender) Tells(tell func(analytics.Message, error)) { s.tell = tell }

// Enqueue accepts the message, of which nothing is read later.
func (s *sender) Enqueue(m analytics.Message) error {
	now := time.Now()
	e, err := convert(m, s.config, now)
	if err != nil {
		return err
	}
	i := item{entry: e, memory: 2*e.size() + 512, at: now}
	var timeout <-chan time.Time
	for {
		accepted, changed, err := s.put(i)
		if accepted || err != nil {
			return err
		}
		if s.wait <= 0 {
			return consent.ErrFull
		}
		if timeout == nil {
			timer := time.NewTimer(s.wait)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case <-changed:
		case <-s.begun:
		case <-timeout:
			return consent.ErrFull
		}
	}
}

// put accepts the item if there is room, and else returns what is closed when there may be.
func (s *sender) put(i item) (accepted bool, changed <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch pending := s.accepted - s.told; {
	case s.closed:
		return false, nil, analytics.ErrClosed
	case pending > 0 && (pending >= uint64(s.maxPending) || s.memory+i.memory > s.maxMemory):
		return false, s.changed, nil
	}
	i.number = s.accepted
	s.accepted++
	s.memory += i.memory
	s.size += i.size()
	s.waiting = append(s.waiting, i)
	if len(s.waiting) == 1 || s.isFull() {
		s.notify()
	}
	return true, nil, nil
}

// isFull reports whether what waits may fill a request.
func (s *sender) isFull() bool { return len(s.waiting) >= maxEvents || s.size >= maxRequest }

func (s *sender) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run sends until the sender is closed and empty. It first tells the outcomes of those left
// when a callback ended the goroutine.
func (s *sender) run(left []item) {
	defer func() {
		if left != nil {
			go s.run(left)
		}
	}()
	for {
		for len(left) > 0 {
			first := left[0]
			left = left[1:]
			s.settle(first)
		}
		var batches []*batch
		if batches, left = s.next(); left == nil {
			close(s.done)
			return
		}
		s.send(left, batches)
	}
}

// send notes what became of the items also if a function of the Config ends the goroutine.
func (s *sender) send(items []item, batches []*batch) {
	defer s.learn(items, batches)
	s.deliver(batches)
}

// next waits for a request that is due, and returns nil when there will be none.
func (s *sender) next() ([]*batch, []item) {
	for {
		s.mu.Lock()
		first := s.accepted - uint64(len(s.waiting))
		var overdue <-chan time.Time
		switch {
		case len(s.waiting) == 0 && s.closed:
			s.mu.Unlock()
			return nil, nil
		case len(s.waiting) > 0:
			wait := time.Until(s.waiting[0].at.Add(s.config.Interval))
			if s.closed || wait <= 0 || s.due > first || s.isFull() {
				defer s.mu.Unlock()
				return s.cut()
			}
			overdue = time.After(wait)
		}
		s.mu.Unlock()
		select {
		case <-s.wake:
		case <-overdue:
		}
	}
}

// cut takes a request from what waits.
func (s *sender) cut() ([]*batch, []item) {
	entries := make([]entry, min(len(s.waiting), maxEvents))
	for i := range entries {
		entries[i] = s.waiting[i].entry
	}
	batches, n := assemble(entries)
	for _, b := range batches {
		b.err = errExited // until it is known
	}
	items := slices.Clone(s.waiting[:n])
	clear(s.waiting[:n]) // what was told is not to be kept
	if s.waiting = s.waiting[n:]; len(s.waiting) == 0 {
		s.waiting = nil
	}
	for _, i := range items {
		s.size -= i.size()
	}
	return batches, items
}

// learn notes what became of the items.
func (s *sender) learn(items []item, batches []*batch) {
	lost := make(map[uint64]error)
	for _, b := range batches {
		for _, e := range b.entries {
			lost[e.number] = b.err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range items {
		items[n].err = lost[items[n].number]
		if items[n].err != nil {
			s.failed++
		}
		s.known++
	}
}

// settle tells the outcome of an item.
func (s *sender) settle(i item) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told++
		s.memory -= i.memory
		close(s.changed)
		s.changed = make(chan struct{})
	}()
	s.tell(i.message, i.err)
}

// Flush sends what was accepted before, and waits for the outcomes.
func (s *sender) Flush(ctx context.Context) error {
	s.mu.Lock()
	target := s.accepted
	s.due = max(s.due, target)
	s.notify()
	s.mu.Unlock()
	for {
		s.mu.Lock()
		told, changed := s.told, s.changed
		s.mu.Unlock()
		if told >= target {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
