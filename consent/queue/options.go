package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-consent/segment/consent"
)

// Answers know what counts for a person now: a ledger, or a table of users.
type Answers interface {
	// Current returns what counts for the person of an event, of whom each id may be "",
	// and when that was answered, or the zero time. For an Alias, anonymousID is its PreviousID,
	// which may be a user id, too. Without an answer on record it is
	// consent.NewState(nil), and a denial that a browser has signalled is an answer. Where
	// a whole answer was taken back it is NewState(nil) with the time of that. Current is called
	// from one goroutine for each Worker. An error means that the answers are out of reach: the
	// event waits.
	Current(ctx context.Context, userID, anonymousID string) (consent.State, time.Time, error)
}

// Options are those of a Worker. Queue, Client, Answers and DeadLetter are required.
type Options struct {
	// Queue is what the Worker receives from.
	Queue Queue

	// Client delivers: one of consent.NewSegment, which tells what became of each message.
	// With one of consent.New a message is acknowledged when the wrapped client has taken it.
	// Its policy is the one that counts.
	Client *consent.Client

	// Answers are asked for each message.
	Answers Answers

	// TrustCapture says that the answers captured with a message are enough where no answer
	// is on record. Zero: without an answer on record everything is denied that needs one.
	TrustCapture bool

	// DeadLetter takes a message that the Worker gives up. It is removed from the Queue when
	// DeadLetter has returned nil; with an error it is tried again later. An event is lost
	// here if nobody keeps it.
	DeadLetter func(context.Context, Dead) error

	// MaxAge is how long after Enqueue a message may leave. Segment drops a second message of
	// the same id for 24 hours at least. Zero: 23 hours.
	MaxAge time.Duration

	// MaxAttempts is how often a message may be received before it is a dead letter. Set no
	// such limit in the engine, which would drop silently. Zero: 10.
	MaxAttempts int

	// Backoff returns how long a message waits after that many attempts. Nil: 1 second,
	// doubled each time, 5 minutes at most.
	Backoff func(attempts int) time.Duration

	// MaxHeld is how many messages the Worker may hold without an outcome. Zero: 1000.
	MaxHeld int

	// Rate is how many messages the Worker decides about in a second. After a break it decides
	// about that many at once. Segment recommends that a workspace sends at most 1000 requests
	// a second, and a message is at most one request. Zero: 500, so that a burst and the second
	// that follows it stay within 1000. Several Workers, and whatever else sends to the
	// workspace, share the 1000.
	Rate int

	// Extend is how often the lease of what the Worker holds begins anew: less than half of
	// the engine's lease. Zero: 15 seconds.
	Extend time.Duration

	// Timeout limits each call of Answers, DeadLetter and the Queue, except Receive. Zero:
	// 10 seconds.
	Timeout time.Duration

	// Grace is how long Run waits, after its context is done, for the outcomes of the messages
	// that the Client has. Messages that the Worker has received and not given to the Client go
	// back into the Queue at once. A process that is told to stop needs more time than Grace.
	// Zero: 10 seconds.
	Grace time.Duration

	// OnError is told of what went wrong and is tried again: the Queue, Answers or DeadLetter
	// returned an error, or Segment did not take a message. It is called from many
	// goroutines at once. Nil: nobody is told, and Stats count.
	OnError func(error)
}

// A Dead is a dead letter.
type Dead struct {
	// Delivery is the message, whose Envelope may be an error. The Worker calls Ack.
	Delivery Delivery
	// Err is why the Worker gives it up. It wraps ErrTooOld, ErrAttempts or ErrEnvelope, or
	// is what the Client refused the message with.
	Err error
}

// check returns the options with what is zero filled in.
func (o Options) check() (Options, error) {
	var wrong []error
	bad := func(is bool, what string) {
		if is {
			wrong = append(wrong, fmt.Errorf("%w: %s", ErrConfig, what))
		}
	}
	bad(o.Queue == nil, "no Queue")
	bad(o.Client == nil, "no Client")
	bad(o.Answers == nil, "no Answers")
	bad(o.DeadLetter == nil, "no DeadLetter")
	bad(o.MaxAge < 0 || o.MaxAttempts < 0 || o.MaxHeld < 0 || o.Rate < 0 || o.Extend < 0 || o.Timeout < 0 || o.Grace < 0, "a limit is negative")
	o.MaxAge = cmp.Or(o.MaxAge, 23*time.Hour)
	o.MaxAttempts = cmp.Or(o.MaxAttempts, 10)
	o.MaxHeld = cmp.Or(o.MaxHeld, 1000)
	o.Rate = cmp.Or(o.Rate, 500)
	o.Extend = cmp.Or(o.Extend, 15*time.Second)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	return o, errors.Join(wrong...)
}

func backoff(attempts int) time.Duration {
	if attempts > 9 {
		return 5 * time.Minute
	}
	return min(time.Second<<max(attempts-1, 0), 5*time.Minute)
}
