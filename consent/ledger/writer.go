package ledger

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// A writer writes records in the background, in order, and retries until the Store
// takes them.
type writer struct {
	ledger   *Ledger
	limit    int
	onError  func(error)
	versions versions

	mu      sync.Mutex
	waiting []Record            // the first of them may be being written
	binding map[Person][]Record // those that already count, by device or account, in order
	wrote   int                 // how many are written
	closed  bool
	added   chan struct{} // one, if there is work
	written chan struct{} // closed and replaced whenever records are written
	ctx     context.Context
	stop    context.CancelFunc
	done    chan struct{}
}

const (
	defaultPending = 10_000
	batch          = 256 // records that are written at once
	firstPause     = 100 * time.Millisecond
	longestPause   = 5 * time.Second
)

func newWriter(l *Ledger, limit int, onError func(error)) *writer {
	if limit <= 0 {
		limit = defaultPending
	}
	w := &writer{
		ledger: l, limit: limit, onError: onError, versions: versions{seed: maphash.MakeSeed()},
		binding: make(map[Person][]Record),
		added:   make(chan struct{}, 1), written: make(chan struct{}), done: make(chan struct{}),
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	go w.run()
	return w
}

// add takes a record. One that it cannot take is lost, and reported.
func (w *writer) add(r Record) {
	if err := r.check(); err != nil {
		w.tell(err)
		return
	}
	w.mu.Lock()
	full, closed := len(w.waiting) >= w.limit, w.closed
	if !full && !closed {
		w.waiting = append(w.waiting, r)
		for _, p := range r.binds() {
			w.binding[p] = append(w.binding[p], r)
		}
	}
	w.mu.Unlock()
	w.versions.raise(Person{r.Device, r.Account})
	switch {
	case closed:
		w.tell(fmt.Errorf("%w: a record of kind %s is lost", ErrClosed, r.Kind))
	case full:
		w.tell(fmt.Errorf("%w: a record of kind %s is lost", ErrFull, r.Kind))
	default:
		select {
		case w.added <- struct{}{}:
		default:
		}
	}
}

// run writes waiting records until it is stopped.
func (w *writer) run() {
	defer close(w.done)
	pause := firstPause
	for {
		records := w.next()
		if len(records) == 0 {
			select {
			case <-w.added:
				continue
			case <-w.ctx.Done():
				return
			}
		}
		_, err := w.ledger.Append(w.ctx, records...)
		if err == nil {
			w.drop(records)
			pause = firstPause
			continue
		}
		if w.ctx.Err() != nil {
			return
		}
		w.tell(err)
		select {
		case <-time.After(pause):
		case <-w.ctx.Done():
			return
		}
		pause = min(2*pause, longestPause)
	}
}

func (w *writer) next() []Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.waiting[:min(batch, len(w.waiting))])
}

// drop forgets records that are written: from now on the Store counts.
func (w *writer) drop(records []Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range records {
		w.versions.raise(Person{r.Device, r.Account})
		for _, p := range r.binds() {
			if left := w.binding[p][1:]; len(left) > 0 {
				w.binding[p] = left
			} else {
				delete(w.binding, p)
			}
		}
	}
	w.waiting = slices.Delete(w.waiting, 0, len(records))
	w.wrote += len(records)
	close(w.written)
	w.written = make(chan struct{})
}

// ofDevice returns the answers given on a device that are not written yet, oldest first.
func (w *writer) ofDevice(id string) []Record { return w.bound(Person{Device: id}) }

// ofAccount returns the answers and signals of an account that are not written yet, oldest
// first.
func (w *writer) ofAccount(id string) []Record { return w.bound(Person{Account: id}) }

func (w *writer) bound(p Person) []Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.binding[p])
}

// binds returns the device and the account for which r already counts while it waits.
func (r Record) binds() (people []Person) {
	if r.Device != "" && slices.Contains(explicit, string(r.Kind)) {
		people = append(people, Person{Device: r.Device})
	}
	if r.Account != "" && (r.Kind == Signal || r.Scope == AccountScope) {
		people = append(people, Person{Account: r.Account})
	}
	return people
}

func (w *writer) tell(err error) {
	if w.onError != nil {
		w.onError(err)
	}
}

// flush waits until all records that were waiting when it began are written.
func (w *writer) flush(ctx context.Context) error {
	w.mu.Lock()
	all := w.wrote + len(w.waiting)
	wrote, written := w.wrote, w.written
	w.mu.Unlock()
	for wrote < all {
		select {
		case <-written:
		case <-ctx.Done():
			return ctx.Err()
		}
		w.mu.Lock()
		wrote, written = w.wrote, w.written
		w.mu.Unlock()
	}
	return nil
}

func (w *writer) close(ctx context.Context) (lost int, err error) {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	err = w.flush(ctx)
	w.stop()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		err = nil
	}
	return len(w.waiting), err
}
