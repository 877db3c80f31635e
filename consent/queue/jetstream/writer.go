package jetstream

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
)

// A writer stores messages in the server in this process. Puts that come at the same time
// go in one group, for which the server answers once: that is most of what a Put costs.
type writer struct {
	queue *Queue

	mu      sync.Mutex
	waiting []*write // for the next group
	busy    bool     // somebody writes a group

	last uint64 // the sequence of the newest message, if known; whoever is busy has it
}

// A write is one message of a group.
type write struct {
	message *nats.Msg
	lead    chan struct{} // closed when it is to write the next group, in which it is
	done    chan error    // has room for one
}

// A group has at most so many messages, and takes half of Options.Timeout: a message waits
// for the group before its own, too.
const groupSize = 128

// put stores a message.
func (w *writer) put(m *nats.Msg) error {
	this := &write{message: m, lead: make(chan struct{}), done: make(chan error, 1)}
	w.mu.Lock()
	w.waiting = append(w.waiting, this)
	lead := !w.busy
	w.busy = true
	w.mu.Unlock()
	if !lead {
		select {
		case err := <-this.done:
			return err
		case <-this.lead:
		}
	}
	w.mu.Lock()
	group := w.waiting[:min(len(w.waiting), groupSize)]
	w.waiting = append([]*write(nil), w.waiting[len(group):]...)
	w.mu.Unlock()
	w.store(group)
	w.mu.Lock()
	if w.busy = len(w.waiting) > 0; w.busy {
		close(w.waiting[0].lead)
	}
	w.mu.Unlock()
	return <-this.done
}

// store stores a group, and tells each message what became of it.
func (w *writer) store(group []*write) {
	if err := w.queue.usable(); err != nil {
		tell(group, err)
		return
	}
	atOnce := len(group) > 1 && w.last > 0
	if !atOnce {
		w.storeEach(group, false)
		return
	}
	stored, err := w.storeAtOnce(group)
	if err == nil && !stored {
		w.storeEach(group, true)
		return
	}
	tell(group, err)
}

func tell(group []*write, err error) {
	for _, x := range group {
		x.done <- err
	}
}

// storeAtOnce reports whether all of a group is stored. The server answers to the last
// message alone, with its sequence. Nobody else writes, so that tells whether it has taken
// the others.
func (w *writer) storeAtOnce(group []*write) (stored bool, err error) {
	end := len(group) - 1
	for _, x := range group[:end] {
		if err := w.queue.conn.PublishMsg(x.message); err != nil {
			return false, w.failed(err)
		}
	}
	a, err := w.ask(group[end])
	if err != nil {
		return false, w.failed(err)
	}
	want := w.last + uint64(len(group))
	w.last = a.Sequence
	return a.Error == nil && !a.Duplicate && a.Sequence == want, nil
}

// storeEach stores the messages of a group one by one. If this repeats it, some are stored
// already.
func (w *writer) storeEach(group []*write, repeats bool) {
	for i, x := range group {
		a, err := w.ask(x)
		if err != nil {
			tell(group[i:], w.failed(err))
			return
		}
		w.last = a.Sequence
		if a.Duplicate {
			w.last = 0 // it is that of another
		}
		failed, err := a.outcome(repeats)
		if failed {
			err = w.failed(err)
		}
		x.done <- err
	}
}

func (w *writer) ask(x *write) (answer, error) {
	ctx, cancel := context.WithTimeout(w.queue.closing, w.queue.o.Timeout/2)
	defer cancel()
	return w.queue.ask(ctx, x.message)
}

// failed has the server opened again. It returns the error of Put.
func (w *writer) failed(err error) error {
	w.last = 0
	if w.queue.closing.Err() != nil {
		return ErrClosed
	}
	w.queue.fail(err)
	return fmt.Errorf("%w: %w", ErrDown, err)
}
