// Package delivery sends messages with analytics-go, and loses none silently: each message
// that a [Sender] accepts has one outcome, which it reports.
//
// analytics-go does the wire format. This package decides the rest: how many messages may
// wait, what is sent when, attempts and deadlines. A message goes through these steps:
//
//  1. [Open] copies it and gives pointers to its fields (message.go).
//  2. Its values become plain JSON and it gets an upper bound of its size (freezer.go).
//  3. It takes a place in the queue, or waits for one (queue.go).
//  4. A part of the queue leaves as a batch, through a client of analytics-go that is made
//     for this batch and closed at once (batch.go).
//  5. The client's one request is tried until it succeeds or a retry is pointless
//     (attempts.go).
//  6. The outcome of each message is reported (batch.go).
//
// The package knows nothing of consent.
package delivery

import (
	"context"
	"errors"

	"github.com/segmentio/analytics-go/v3"
)

// An Outlet is where messages leave: a [Sender], a [Wrapped] client or a
// [Stored]. After Close or
// Shutdown, Send and a second Close or Shutdown return [analytics.ErrClosed].
type Outlet interface {
	// Send accepts the message or returns why not. It takes ownership of m. The size is
	// that of the JSON of its Integrations if [Freeze] returned it, else [NotFrozen]. The
	// outcome of an accepted message is reported later if it is tracked, and never
	// otherwise.
	Send(m *Message, integrations int) (tracked bool, err error)
	// Flush sends what was accepted before, and waits for its outcome.
	Flush(ctx context.Context) error
	// Shutdown is Close within the deadline of ctx. It returns how many messages were
	// lost, -1 if that is unknown.
	Shutdown(ctx context.Context) (lost int, err error)
	// Close sends what was accepted before and ends the Outlet.
	Close() error
	// IsClosed reports whether Close or Shutdown was called.
	IsClosed() bool
}

// Errors. Their texts contain no data of a message or of a server's response. Those with a
// prefix are returned to users as errors of that package.
var (
	// ErrFull: there is no room for the message.
	ErrFull = errors.New("consent: too many messages are pending")
	// ErrNoJSON: something in the message has no JSON form.
	ErrNoJSON = errors.New("consent: a message that has no JSON form")
	// ErrNotTracked: the wrapped client does not report outcomes.
	ErrNotTracked = errors.New("consent: the wrapped client does not tell what became of its messages")

	errAborted    = errors.New("given up at the deadline of Shutdown")
	errTimeout    = errors.New("no answer within 10 seconds")
	errNoResponse = errors.New("the transport returned neither a response nor an error")
	errExited     = errors.New("the transport ended its goroutine")
	errNoOutcome  = errors.New("analytics-go did not tell what became of the message")
)

// Limits of analytics-go and of Segment, in bytes of JSON.
const (
	maxMessage = 32_000
	maxBatch   = 500_000
)

var _, _, _ Outlet = (*Sender)(nil), (*Wrapped)(nil), (*Stored)(nil)

var _ analytics.Callback = (*batch)(nil)
