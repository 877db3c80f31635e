package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/segmentio/analytics-go/v3"
)

// A Wrapped is an Outlet for the application's own client, which does not report outcomes
// unless it is Tracked.
type Wrapped struct {
	// Tracked says that somebody tells the outcome of each message that the client took, to
	// Told.
	Tracked bool

	next analytics.Client
	gate gate

	mu      sync.Mutex
	awaited map[string][]*func(error) // Done of tracked messages, by id: one may be used twice
}

// Wrap returns an Outlet that sends through next.
func Wrap(next analytics.Client) *Wrapped {
	return &Wrapped{next: next, gate: gate{empty: make(chan struct{})}}
}

// Send implements [Outlet]. The client gets the message by value, with maps that it may write
// to, and may block.
func (w *Wrapped) Send(m *Message, _ int) (tracked bool, err error) {
	if !w.gate.enter() {
		return false, analytics.ErrClosed
	}
	defer w.gate.leave()
	m.Unshare()
	if !w.Tracked || m.Done == nil {
		return w.Tracked, w.next.Enqueue(m.Value())
	}
	id, accepted := *m.MessageID, false
	w.await(id, &m.Done)
	defer func() {
		if !accepted { // also if the client panics
			w.forget(id, &m.Done)
		}
	}()
	err = w.next.Enqueue(m.Value())
	accepted = err == nil
	return true, err
}

// Told calls Done of the tracked message, if it has one, with its outcome.
func (w *Wrapped) Told(m analytics.Message, err error) {
	told, ok := Open(m)
	if !ok {
		return
	}
	if done := w.take(*told.MessageID); done != nil {
		(*done)(err)
	}
}

func (w *Wrapped) await(id string, done *func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.awaited == nil {
		w.awaited = make(map[string][]*func(error))
	}
	w.awaited[id] = append(w.awaited[id], done)
}

// take returns the first that waits for the outcome of a message of that id, or nil.
func (w *Wrapped) take(id string) (first *func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if waiting := w.awaited[id]; len(waiting) > 0 {
		first = waiting[0]
		w.keep(id, waiting[1:])
	}
	return first
}

func (w *Wrapped) forget(id string, done *func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep(id, slices.DeleteFunc(w.awaited[id], func(d *func(error)) bool { return d == done }))
}

func (w *Wrapped) keep(id string, waiting []*func(error)) {
	if len(waiting) == 0 {
		delete(w.awaited, id)
	} else {
		w.awaited[id] = waiting
	}
}

// Flush implements [Outlet] with the method of that name of a Tracked client. Without one, the
// error is [ErrNotTracked].
func (w *Wrapped) Flush(ctx context.Context) error {
	if f, ok := w.next.(interface{ Flush(context.Context) error }); ok && w.Tracked {
		return f.Flush(ctx)
	}
	return ErrNotTracked
}

// Close implements [Outlet]: it closes the client.
func (w *Wrapped) Close() error {
	if !w.gate.close() {
		return analytics.ErrClosed
	}
	return w.next.Close()
}

// Shutdown implements [Outlet] with the method of that name of a Tracked client. Without one,
// it closes the client, and waits for that until ctx is done; how many messages were lost is
// not known.
func (w *Wrapped) Shutdown(ctx context.Context) (lost int, err error) {
	if s, ok := w.next.(interface {
		Shutdown(context.Context) (lost int, err error)
	}); ok && w.Tracked {
		if w.gate.closed.Swap(true) { // it does not wait for an Enqueue that waits for a place
			return 0, analytics.ErrClosed
		}
		return s.Shutdown(ctx)
	}
	done := make(chan error, 1)
	go func() {
		err := errors.New("the client ended its goroutine in Close")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the client panicked in Close with a %T", p)
			}
			done <- err
		}()
		err = w.Close()
	}()
	select {
	case err := <-done:
		return -1, err
	case <-ctx.Done():
		return -1, ctx.Err()
	}
}

// IsClosed implements [Outlet].
func (w *Wrapped) IsClosed() bool { return w.gate.closed.Load() }
