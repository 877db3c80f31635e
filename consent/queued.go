package consent

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/internal/segment"
)

// A Queue stores what a client of [NewQueued] captured. Package queue has the interface of a queue
// that also gives it back, and the worker that delivers it.
type Queue interface {
	// Put stores the message, and returns when it is stored as safely as the queue promises.
	// It must not change what it is given, and must not use it after it has returned. Put is
	// called from many goroutines at once. The context has the values of the one that
	// [Client.For] was given, and never ends: the queue sets its own deadline.
	Put(ctx context.Context, c Captured) error
}

// Captured is a message on its way through a queue: as the application gave it, with what is
// needed to decide about it again when it leaves.
type Captured struct {
	// Message is one of the six types of analytics-go, by value. It has no consent object
	// and no integrations from this library. MessageId and Timestamp are set, and its maps hold
	// plain JSON. The maps may be the application's own.
	Message analytics.Message

	// States are the answers that counted for it, each of which must allow: a device and an
	// account have two. An exempt message has none.
	States []State

	// Filled says that the AnonymousId is one that [Client.Anonymous] filled in.
	Filled bool

	// Exempt is why the message is about no person, for one of a client of [Client.Exempt],
	// else "".
	Exempt string

	// Necessary is what a client of [Client.Necessary] claims.
	Necessary []Claim

	// Policy is the fingerprint of the policy that decided, if that has a method
	// Fingerprint() string, as those of the destinations package have, else "". It is asked
	// once, by NewQueued.
	Policy string

	// At is when Enqueue was called.
	At time.Time
}

// A Claim says that destinations are strictly necessary for a message: see
// [Client.Necessary].
type Claim struct {
	Why          string
	Destinations []string
}

// NewQueued returns a Client whose messages go into a queue, and are decided again when they leave:
// see [Client.Deliver]. With, For and Enqueue are those of any Client, so code that tracks does not
// change. Enqueue decides, validates, stamps and measures like a client of [NewSegment], and calls
// OnDecision; a message that is suppressed or refused then is never stored. Any other goes to q as
// it was given, and has the outcome [Queued] when Put has returned nil. Enqueue returns the error
// of Put, and an error if Put panics.
//
// The message is stored with the answer that the client is bound to; with For and a context of
// [NewContextAll], with all of its answers. Exempt and Necessary count at delivery, too, under the
// policy of that time. The router is that of o, which should be the one of the client that
// delivers. About is checked, and an id of Anonymous is filled in, when the message is enqueued.
//
// With [Options.DangerouslySendUnchanged] every Enqueue is an [ErrConfig]: a queued message
// never leaves as it was given. MaxPending, MaxPendingBytes and Wait have no effect. Flush
// has nothing to wait for. Close and Shutdown wait for messages that are being stored, and leave
// the queue open. With a nil queue every Enqueue is an error.
func NewQueued(q Queue, p Policy, o *Options) *Client {
	s := newShared(p, o)
	if !nils.Is(q) {
		s.queue, s.stored = q, delivery.NewStored()
		s.outlet, s.fingerprint = s.stored, s.printPolicy()
	}
	s.untold = Queued
	return &Client{shared: s, state: All(Denied)}
}

// capture puts a message that may leave into the queue. It returns what send does.
func (c *Client) capture(kind *delivery.Kind, given analytics.Message, made *stamp) (analytics.Message, Outcome) {
	s, now := c.shared, time.Now()
	if s.unchanged != nil {
		return refuse(given, fmt.Errorf("%w: a client of NewQueued has no DangerouslySendUnchanged", ErrConfig))
	}
	m, err := delivery.Frozen(kind, given)
	if err != nil {
		return refuse(given, err)
	}
	if made.update {
		*m.Object, *m.Context, *m.Integrations = nil, nil, nil
	}
	if *m.MessageID == "" {
		*m.MessageID = rand.Text()
	}
	if m.Timestamp.IsZero() {
		*m.Timestamp = now
	}
	*m.Integrations = analytics.Integrations(segment.NewCaller(*m.Integrations)) // a queue may keep JSON
	stamped, _ := delivery.Open(m.Value())
	decision, size, reason, err := made.put(stamped, s)
	if err != nil {
		return refuse(given, err)
	}
	if reason != "" {
		return c.suppress(kind, given, decision, reason)
	}
	filled, err := c.identify(m, made.update || decision.identifies())
	if err != nil {
		return refuse(given, err)
	}
	if filled {
		*stamped.AnonymousID = *m.AnonymousID
	}
	c.tell(kind, given, decision, "")
	if err := delivery.Measure(stamped, size); err != nil {
		return refuse(given, err)
	}
	captured := Captured{Message: m.Value(), Filled: filled, Policy: s.fingerprint, At: now}
	if c.exempt != nil {
		captured.Exempt = c.exempt.why
	} else {
		captured.States = c.answers()
	}
	if c.necessary != nil && !made.update {
		for _, claim := range c.necessary.claims {
			captured.Necessary = append(captured.Necessary, Claim{claim.why, slices.Clone(claim.destinations)})
		}
	}
	if err := s.store(c.values, captured); err != nil {
		return refuse(given, err)
	}
	return m.Value(), Outcome{Result: Queued}
}

// answers returns what c is bound to.
func (c *Client) answers() []State {
	if c.all != nil {
		return slices.Clone(c.all)
	}
	return []State{c.state}
}

func (s *shared) store(ctx context.Context, captured Captured) (err error) {
	if ctx == nil {
		ctx = context.Background()
	}
	defer func() {
		if r := recover(); r != nil {
			s.log("consent: Put panicked with a %T", r)
			err = fmt.Errorf("consent: Put panicked with a %T", r)
		}
	}()
	return s.stored.Do(func() error { return s.queue.Put(ctx, captured) })
}

// printPolicy returns the fingerprint of the policy, if it has one.
func (s *shared) printPolicy() (text string) {
	if p, ok := s.policy.(interface{ Fingerprint() string }); ok {
		s.guard("Fingerprint", func() { text = p.Fingerprint() })
	}
	return text
}
