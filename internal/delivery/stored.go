package delivery

import (
	"context"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// A Stored is an Outlet for messages that are stored, each before Enqueue returns, and
// leave from there another day. It stores none itself; it ends.
type Stored struct{ gate gate }

// NewStored returns a Stored.
func NewStored() *Stored { return &Stored{gate{empty: make(chan struct{})}} }

// Do calls store, unless the Stored is closed. Whoever closes it waits for that.
func (s *Stored) Do(store func() error) error {
	if !s.gate.enter() {
		return analytics.ErrClosed
	}
	defer s.gate.leave()
	return store()
}

// Send implements [Outlet]. Nothing is sent.
func (s *Stored) Send(*Message, int) (tracked bool, err error) { return false, ErrNotTracked }

// Flush implements [Outlet]: nothing waits.
func (s *Stored) Flush(context.Context) error { return nil }

// Close implements [Outlet]. It waits for what is being stored.
func (s *Stored) Close() error {
	if !s.gate.close() {
		return analytics.ErrClosed
	}
	return nil
}

// Shutdown implements [Outlet]. Nothing is lost: who stores is told.
func (s *Stored) Shutdown(ctx context.Context) (lost int, err error) {
	done := make(chan error, 1)
	go func() { done <- s.Close() }()
	select {
	case err := <-done:
		return 0, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// IsClosed implements [Outlet].
func (s *Stored) IsClosed() bool { return s.gate.closed.Load() }

// Measure returns an error for a message that Send of a [Sender] would not take: something
// in it has no JSON form, or it is too large. It may replace values of the message.
func Measure(m *Message, integrations int) error {
	if m.Timestamp.IsZero() {
		*m.Timestamp = time.Now()
	}
	_, _, err := freeze(m, integrations)
	return err
}

// Frozen returns a copy of the message, given by value or by pointer, in which everything
// is plain JSON. Its maps may be those of the message.
func Frozen(k *Kind, given analytics.Message) (*Message, error) {
	m, _ := Open(k.Open(given).Value())
	var f freezer
	if m.Object != nil {
		*m.Object = f.object(*m.Object)
	}
	if *m.Context != nil {
		*m.Own = **m.Context
		*m.Context = m.Own
		f.context(m.Own)
	}
	*m.Integrations = f.object(*m.Integrations)
	return m, f.err
}
