package queue

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Holding is the messages of one type that a Worker has received and not settled.
type Holding struct {
	Type     string // as [Envelope.Type], or "" for what could not be read
	Messages uint64
	Oldest   time.Time // when Enqueue was called for the oldest; zero for what could not be read
	Attempts int       // the most of any
}

// Holding returns what the Worker holds, by type. It has nothing of a message but that.
func (w *Worker) Holding() []Holding {
	byType := make(map[string]Holding)
	w.mu.Lock()
	for _, h := range w.held {
		sum := byType[h.envelope.Type]
		sum.Type = h.envelope.Type
		sum.Messages++
		sum.Attempts = max(sum.Attempts, h.attempt)
		if at := h.envelope.Captured.At; sum.Oldest.IsZero() || at.Before(sum.Oldest) {
			sum.Oldest = at
		}
		byType[sum.Type] = sum
	}
	w.mu.Unlock()
	return slices.SortedFunc(maps.Values(byType), func(a, b Holding) int { return cmp.Compare(a.Type, b.Type) })
}

// A Failure is how often something failed that was tried again, and when it did last.
type Failure struct {
	What  string // Receive, Ack, Retry, Extend, Answers, DeadLetter, or delivery
	Times uint64
	Last  time.Time
}

// Failures returns what failed so far, by name. Options.OnError is told of the errors.
func (w *Worker) Failures() []Failure { return w.failures.all() }

type failures struct {
	mu   sync.Mutex
	what map[string]Failure
}

func (f *failures) add(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.what == nil {
		f.what = make(map[string]Failure)
	}
	f.what[what] = Failure{what, f.what[what].Times + 1, time.Now()}
}

func (f *failures) all() []Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Values(f.what), func(a, b Failure) int { return cmp.Compare(a.What, b.What) })
}

// LimitedUntil returns until when the Worker gives nothing to its Client: see
// [consent.Client.LimitedUntil].
func (w *Worker) LimitedUntil() time.Time { return w.o.Client.LimitedUntil() }
