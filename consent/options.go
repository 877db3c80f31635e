package consent

import (
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// Options are the options of a Client. The zero value, or nil, has none of them.
type Options struct {
	// OnDecision is called for every valid message before it is sent or suppressed,
	// on the goroutine that called Enqueue. The message is the caller's, by value;
	// its maps and context are the caller's own and must not be changed. The
	// Decision includes what the caller's integrations closed; OnOutcome tells whether
	// the message was suppressed. A panic is logged and
	// stops there, as with the other hooks and the Policy.
	OnDecision func(analytics.Message, Decision)

	// OnOutcome is called once for every message given to Enqueue, when its outcome
	// is known: for a suppressed or refused one on the goroutine that called
	// Enqueue, before it returns; for a delivered or failed one later, on another.
	// The message is a copy, as it was sent or, if it was not, as the caller gave
	// it. Calls come from many goroutines at once, for the messages of a batch one after
	// the other. They must not call Close or Flush, which wait for them. If OnOutcome
	// enqueues a refused message again, and is called for that again, it is no longer
	// called at some depth; the outcome is still counted, and a line is logged.
	OnOutcome func(analytics.Message, Outcome)

	// DangerouslySendUnchanged turns enforcement off, to find out what it would do before
	// turning it on. If it is not nil, every message leaves as it was given, to every
	// destination of the workspace, whatever the visitor answered: byte for byte as
	// analytics-go would have sent it without this library. Before a message leaves, the
	// function is called on the goroutine of Enqueue, as OnDecision is: with the message, the
	// decision that would have counted, and why the message would have been suppressed, or "".
	// Package consent/trial makes a report of these calls. If the function panics, that is
	// logged, and the message leaves.
	//
	// So that nobody mistakes this for enforcement, a new Client writes that it is set to the
	// Logger of NewSegment, or else to package log, and [Stats] counts the messages as
	// Unenforced. No message is suppressed. OnDecision and OnOutcome are told what they
	// would be told of a message that leaves. Messages that are refused otherwise are still
	// refused.
	//
	// The messages of [Client.Tell] and the [UpdateEvent] are the exception: only this library
	// sends them, and they are enforced. The function of Anonymous is asked for every message
	// without an AnonymousId, since without this library the program would have filled it in.
	// Handlers, cookies and scripts in the page are not affected.
	DangerouslySendUnchanged func(m analytics.Message, would Decision, suppressed Reason)

	// Router is for the service that messages go to. Nil is [Segment]. With another Router
	// that is no [Updater], an [UpdateEvent] is suppressed, with SuppressedUpdate.
	Router Router

	// MaxPending limits how many messages may be without an outcome at a client of
	// NewSegment, which bounds its memory when Segment does not answer or a
	// callback is slow. Zero: 10,000.
	MaxPending int

	// MaxPendingBytes limits about how many bytes of memory those messages may hold.
	// Zero: 64 MiB. What is on its way to Segment, at most 10 requests of 500 KB at
	// once, needs some more.
	MaxPendingBytes int

	// Wait is how long Enqueue may wait for a place when one of these limits is
	// reached; then it returns ErrFull. Zero: it does not wait.
	Wait time.Duration
}
