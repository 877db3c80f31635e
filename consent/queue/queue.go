// Package queue delivers events that survive the process, and asks again whether they may
// leave.
//
// A backend that is killed loses what analytics-go holds in memory, and a visitor who
// withdraws consent still has events in the backlog. Here an event is stored before Enqueue
// returns. When it leaves, a [Worker] decides about it once more, by the answer that counts at
// that moment:
//
//	tracker := consent.NewQueued(q, policy, nil) // in handlers, instead of NewSegment
//	tracker.For(r.Context()).Enqueue(analytics.Track{...})
//
//	worker, err := queue.NewWorker(queue.Options{Queue: q, Client: client, Answers: answers, DeadLetter: keep})
//	err = worker.Run(ctx)                        // in the same process, or in another
//
// A [Queue] is an engine. Two are modules of their own: jetstream, on the disk of this process or
// in a NATS cluster, and river, in the transactions of Postgres. [Memory] is for tests: it
// forgets everything when the process ends. Test other engines with conformance.TestQueue.
//
// # What can happen
//
//	the process dies after Enqueue             the event is delivered after the restart
//	it dies between Segment's answer and Ack   the event is sent again with the same message id,
//	                                           of which Segment drops the second within 24 hours
//	the visitor withdraws before the event     it goes where both answers allow, or nowhere
//	is decided about
//	the visitor withdraws after that           it leaves: a batch takes seconds, or, when
//	                                           Segment is down, as long as analytics-go tries again
//	the answers are out of reach               nothing leaves; it is tried again, then a dead letter
//	the queue is full or down                  Enqueue returns the error of the queue
//	Segment answers 429 Too Many Requests      nothing more is decided about, or leaves, until its
//	                                           Retry-After has passed
//	the process is told to stop                Run gives back what has not begun, and waits for the
//	                                           rest for Options.Grace; what has no outcome then
//	                                           comes again
//
// # What to watch
//
// [Worker.Backlog] says how much is in the queue and how old the oldest message is, if the
// engine is a [Gauge], and [Worker.Stats] what became of what was received. Package look
// shows both on a page, and module consent/otel gives them to OpenTelemetry. Worth an alert:
// an age that grows, and any dead letter.
//
// # What an envelope holds
//
// Events hold personal data, and so does a queue: an engine keeps it as safe as the
// application does. [Queue.Forget] removes what is queued for a person.
package queue

import (
	"context"
	"errors"
	"time"

	"github.com/go-consent/segment/consent"
)

// Errors. Their texts hold nothing of a message.
var (
	// ErrConfig is the error of Options that NewWorker refuses.
	ErrConfig = errors.New("queue: bad configuration")
	// ErrEnvelope is the error of bytes that are no envelope of a version known here, or
	// of a message that cannot be put into one.
	ErrEnvelope = errors.New("queue: not an envelope")
	// ErrFull is the error of a queue that has no room.
	ErrFull = errors.New("queue: full")
	// ErrTooOld is why a message that waited longer than Options.MaxAge is a dead letter.
	ErrTooOld = errors.New("queue: the message is too old")
	// ErrAttempts is why a message that was delivered more often than
	// Options.MaxAttempts is a dead letter. It wraps what went wrong last, if that is known.
	ErrAttempts = errors.New("queue: too many attempts")

	// errStopped is why a message goes back that the Client has not been given when Run ends.
	errStopped = errors.New("queue: the worker has stopped")
)

// A Queue keeps messages until they are acknowledged. All methods may be called from many
// goroutines at once, and several processes may share a Queue.
type Queue interface {
	// Put stores a message, as [consent.Queue] says. If it returns nil the message comes
	// out of Receive, at least once, until it is acknowledged or forgotten. Without room it
	// returns an [ErrFull], and drops nothing to make some.
	Put(ctx context.Context, c consent.Captured) error

	// Receive waits until there is a message to deliver, and returns at most max of them.
	// The error is that of ctx when it is done. A message that was received comes again when
	// it was neither acknowledged nor retried within the engine's lease, or the process that
	// received it has died.
	Receive(ctx context.Context, max int) ([]Delivery, error)

	// Forget removes all messages about a person, also those that were received: a Retry of
	// one brings it back no more. What was put meanwhile may stay.
	Forget(ctx context.Context, p Person) error
}

// A Person is whoever has one of these ids; "" is nobody's.
type Person struct{ UserID, AnonymousID string }

// A Delivery is one message that was received. Its methods may be called from any
// goroutine. Once a message was acknowledged or forgotten, Ack, Retry and Extend return nil
// and change nothing.
type Delivery interface {
	// Envelope returns the message, or an [ErrEnvelope].
	Envelope() (Envelope, error)
	// Attempt says how often the message was received, this time included.
	Attempt() int
	// Ack removes the message from the queue.
	Ack(ctx context.Context) error
	// Retry makes the message come again after about that time.
	Retry(ctx context.Context, after time.Duration) error
	// Extend makes the lease of the message begin anew.
	Extend(ctx context.Context) error
}
