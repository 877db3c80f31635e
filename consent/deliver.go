package consent

import (
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
)

// A Standing is what is on record about a person when a queued message is to leave.
type Standing struct {
	State State     // the current one
	Given time.Time // when it was answered; zero: not known
}

// Deliver sends a message that a client of [NewQueued] captured, to the destinations that all of
// its States and the State of now allow: see [Both]. It is never sent more widely than one of
// them allows. If now is nil, only the captured States decide. A message without a State counts
// as one of All(Denied), unless it is exempt.
//
//   - An [UpdateEvent] leaves under its own States, whatever now is. But if the visitor has since
//     given a different answer, it is suppressed with [SuppressedSuperseded], as Segment keeps the
//     update that comes last.
//   - An id that Anonymous filled in is dropped if it would not be filled in now. If the message
//     has no other id, it is suppressed with [SuppressedNoID].
//   - For an exempt message, now does not count. Destinations that were strictly necessary for a
//     message still are. If the policy no longer names one of them, the message is refused.
//   - Options.DangerouslySendUnchanged has no effect: the message is decided and stamped.
//
// The State that c is bound to does not matter. The message is counted, and its outcome told, like
// any other of this client. Done is called once with its outcome: later, on another goroutine, if
// the message is delivered or failed, and else before Deliver returns. It must return soon, and
// must not call Close, Flush or Shutdown. Its panic is logged. A client of NewQueued delivers
// nothing ([ErrNoClient]).
func (c *Client) Deliver(x Captured, now *Standing, done func(Outcome)) {
	if c == nil || c.shared == nil || c.shared.outlet == nil || c.shared.stored != nil {
		done(Outcome{Result: Refused, Err: ErrNoClient})
		return
	}
	d := &Client{shared: c.shared, derived: true, bound: true, enforced: true}
	d.delivery = &delivering{filled: x.Filled, done: done}
	update := isUpdate(x.Message)
	states := x.States
	if len(states) == 0 {
		states = []State{{}} // no answer was captured
	}
	if now != nil && !update {
		states = append(append([]State(nil), states...), now.State)
	}
	d.state = all(guarded{c.shared}, states)
	if x.Exempt != "" {
		d.state, d.exempt = All(Granted), &exemption{why: x.Exempt}
	}
	if len(x.Necessary) > 0 {
		d.necessary = new(necessity)
		for _, claim := range x.Necessary {
			d.necessary.claims = append(d.necessary.claims, claimOf(claim))
		}
	}
	d.delivery.superseded = update && now != nil && now.supersedes(x, d.state, c.shared)
	message := x.Message
	if m, ok := delivery.Open(message); ok && x.Filled && m.AnonymousID != nil {
		id := *m.AnonymousID
		d.anonymous = func() string { return id }
		*m.AnonymousID = ""
		message = m.Value()
	}
	_ = d.Enqueue(message) // done is told
}

func claimOf(c Claim) claim { return claim{c.Why, c.Destinations} }

// A delivering is the part of a client that delivers a captured message.
type delivering struct {
	filled     bool
	superseded bool
	done       func(Outcome)
}

// supersedes reports whether an update of preferences, of a visitor who had answered s, is older
// than the answer on record and differs from it.
func (now *Standing) supersedes(x Captured, s State, by *shared) bool {
	return now.Given.After(x.At) && by.reported(now.State) != by.reported(s)
}

// guarded is the policy of a client. If it panics, it allows nothing.
type guarded struct{ *shared }

func (g guarded) Decide(s State) Decision { return g.shared.decide(s) }

// finish tells the caller of Deliver the outcome of its message.
func (c *Client) finish(o Outcome) {
	if c.delivery != nil {
		c.shared.guard("the function given to Deliver", func() { c.delivery.done(o) })
	}
}

// track makes m tell its outcome to the caller of Deliver.
func (c *Client) track(m *delivery.Message) {
	if c.delivery != nil {
		m.Done = func(err error) { c.finish(outcomeOf(err)) }
	}
}

// withoutID returns the outcome of a message that lost its filled-in id, and whether it did lose
// it.
func (c *Client) withoutID(kind *delivery.Kind, given analytics.Message, d Decision) (Outcome, bool) {
	if c.delivery == nil || !c.delivery.filled {
		return Outcome{}, false
	}
	_, o := c.suppress(kind, given, d, SuppressedNoID)
	return o, true
}
