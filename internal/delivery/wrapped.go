package delivery

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/analytics-go/v3"
)

// A Wrapped is an Outlet for the application's own client, which does not report outcomes
// unless it is Tracked.
type Wrapped struct {
	// Tracked says that somebody tells the outcome of each message that the client took.
	Tracked bool

	next analytics.Client
	gate gate
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
	return w.Tracked, w.next.Enqueue(m.Value())
}

// Flush returns [ErrNotTracked]: a client has no such method.
func (w *Wrapped) Flush(context.Context) error { return ErrNotTracked }

// Close implements [Outlet]: it closes the client.
func (w *Wrapped) Close() error {
	if !w.gate.close() {
		return analytics.ErrClosed
	}
	return w.next.Close()
}

// Shutdown implements [Outlet]: it closes the client, and waits for that until ctx is done.
// How many messages were lost is not known.
func (w *Wrapped) Shutdown(ctx context.Context) (lost int, err error) {
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
