package consent

import (
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
)

// send decides about the message and sends it. The outcome has no Result if it is to be
// told later; the message is that of the outcome.
func (c *Client) send(given analytics.Message) (analytics.Message, Outcome) {
	kind, made, err := c.decide(given)
	if err != nil {
		return refuse(given, err)
	}
	reason := c.suppresses(kind, given, made)
	switch {
	case c.shared.stored != nil && (reason == "" || c.shared.unchanged != nil):
		return c.capture(kind, given, made)
	case c.leavesUnchanged(made):
		return c.sendUnchanged(kind, given, made, reason)
	case reason != "":
		return c.suppress(kind, given, made.decision, reason)
	}
	return c.leave(kind, given, made)
}

// decide checks the message and returns what it leaves with.
func (c *Client) decide(given analytics.Message) (*delivery.Kind, *stamp, error) {
	kind := delivery.KindOf(given)
	if kind == nil {
		return nil, nil, fmt.Errorf("%w: %s", ErrMessage, delivery.TypeName(given))
	}
	if err := c.validate(kind, given); err != nil {
		return nil, nil, err
	}
	if c.shared.outlet.IsClosed() {
		return nil, nil, analytics.ErrClosed
	}
	made, err := c.stamp(kind, given)
	return kind, made, err
}

// suppresses returns why the message is suppressed, or "".
func (c *Client) suppresses(kind *delivery.Kind, given analytics.Message, made *stamp) Reason {
	switch {
	case c.delivery != nil && c.delivery.superseded:
		return SuppressedSuperseded
	case c.isAboutAnother(kind, given):
		return SuppressedAnotherPerson
	}
	return made.suppresses(kind)
}

// leave puts the stamp on a copy of the message and sends it.
func (c *Client) leave(kind *delivery.Kind, given analytics.Message, made *stamp) (analytics.Message, Outcome) {
	s, m := c.shared, kind.Open(given)
	decision, size, reason, err := made.put(m, s)
	if err != nil {
		return refuse(given, err)
	}
	if reason != "" {
		return c.suppress(kind, given, decision, reason)
	}
	if _, err := c.identify(m, made.update || decision.identifies()); err != nil {
		if o, lost := c.withoutID(kind, given, decision); lost {
			return given, o
		}
		return refuse(given, err)
	}
	c.tell(kind, given, decision, "")
	c.track(m)
	tracked, err := s.outlet.Send(m, size)
	switch {
	case err != nil:
		return refuse(given, err)
	case tracked:
		return nil, Outcome{}
	default:
		return m.Pointer(), Outcome{Result: s.untold}
	}
}

func refuse(given analytics.Message, err error) (analytics.Message, Outcome) {
	return given, Outcome{Result: Refused, Err: err}
}

// suppress tells the decision and returns the outcome.
func (c *Client) suppress(kind *delivery.Kind, given analytics.Message, d Decision, reason Reason) (analytics.Message, Outcome) {
	c.tell(kind, given, d, reason)
	return given, Outcome{Result: Suppressed, Decision: d, Reason: reason}
}

// tell tells the decision to the application.
func (c *Client) tell(kind *delivery.Kind, given analytics.Message, d Decision, suppressed Reason) {
	if s := c.shared; s.onDecision != nil || s.watcher != nil {
		s.decided(kind.Open(given).Value(), d, suppressed)
	}
}

// validate leaves out the id that Anonymous may still fill in.
func (c *Client) validate(kind *delivery.Kind, given analytics.Message) error {
	if !c.identifies() {
		return given.Validate()
	}
	m := kind.Open(given)
	if m.AnonymousID != nil && *m.AnonymousID == "" {
		*m.AnonymousID = "to come"
	}
	return m.Pointer().Validate()
}

// identify fills in the id of Anonymous if it may, and returns whether it did. The error is
// that of a message which is left without an id.
func (c *Client) identify(m *delivery.Message, may bool) (filled bool, err error) {
	if !c.identifies() {
		return false, nil
	}
	if may && m.AnonymousID != nil && *m.AnonymousID == "" {
		c.shared.guard("Anonymous", func() { *m.AnonymousID = c.anonymous() })
		filled = *m.AnonymousID != ""
	}
	return filled, m.Pointer().Validate()
}

// identifies reports whether Anonymous may fill in an id.
func (c *Client) identifies() bool { return c.anonymous != nil && c.exempt == nil }

// stamp returns what the message leaves with.
func (c *Client) stamp(kind *delivery.Kind, given analytics.Message) (*stamp, error) {
	decision := c.shared.decide(c.state)
	if c.exempt != nil {
		if err := c.exempt.admits(kind, given); err != nil {
			return nil, err
		}
		decision = c.exempt.on(decision)
	}
	if isUpdate(given) {
		return c.shared.updateStamp(decision, c.state)
	}
	if c.necessary != nil {
		var err error
		if decision, err = c.necessary.on(decision, func() Decision { return c.shared.decide(All(Denied)) }); err != nil {
			return nil, err
		}
	}
	return c.shared.stampFor(decision, c.state), nil
}
