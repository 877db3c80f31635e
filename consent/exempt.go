package consent

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
)

// Exempt returns a client for events that are not about a person: clusters, builds, nightly
// totals. Nobody has to be asked about those. So they go wherever the policy would let an event of
// a person go who granted everything, with [ReasonExempt] as the Reason and why as the Cause of
// each verdict. What the policy denies even then stays denied. [Stats] counts these events. With,
// For and About end the exemption; then the person that About named counts again.
//
// Why says in a few words, for a reviewer, what the events are about. Without it Enqueue returns
// [ErrExempt]. It also does so for a message that is about a person, as its type or its fields
// show:
//
//   - Identify and Alias, and the [UpdateEvent].
//   - UserId, Context.Traits, Context.IP or Context.Device.AdvertisingID is set.
//
// Nothing else is checked: not Properties, nor the Traits of a Group, nor whose the
// AnonymousId is. Segment requires an id for every message: use the machine's own, and never
// that of a visitor. Anonymous does not fill it in.
//
// The consent object says true for every category, as it does for a visitor who granted
// everything: Segment closes a destination whose category is false, and delivers an event without
// the object to all of them. It does not stand for the answer of a visitor.
//
// A policy that decides by the visitor's own list names no destination, and so suppresses every
// such message.
func (c *Client) Exempt(why string) *Client {
	d := c.derive()
	d.state, d.bound, d.exempt = All(Granted), true, &exemption{why: why}
	d.all, d.values = nil, nil
	return d
}

// An exemption is what a client of Exempt has in addition to its State.
type exemption struct {
	why  string
	last atomic.Pointer[overlaid]
}

// An overlaid is a Decision together with the result of changing it.
type overlaid struct {
	from *decision
	made Decision
}

// admits returns an error for a message that cannot be exempt.
func (e *exemption) admits(kind *delivery.Kind, given analytics.Message) error {
	switch m := kind.Open(given); {
	case strings.TrimSpace(e.why) == "":
		return fmt.Errorf("%w: why was not said", ErrExempt)
	case kind.IsAlias(), kind.IsIdentify():
		return fmt.Errorf("%w: %s is about a person", ErrExempt, kind.Name)
	case isUpdate(given):
		return fmt.Errorf("%w: an update of preferences is about a person", ErrExempt)
	case *m.UserID != "":
		return fmt.Errorf("%w: UserId is set", ErrExempt)
	case *m.Context == nil:
		return nil
	case len((*m.Context).Traits) > 0:
		return fmt.Errorf("%w: Context.Traits is set", ErrExempt)
	case len((*m.Context).IP) > 0:
		return fmt.Errorf("%w: Context.IP is set", ErrExempt)
	case (*m.Context).Device.AdvertisingID != "":
		return fmt.Errorf("%w: Context.Device.AdvertisingID is set", ErrExempt)
	default:
		return nil
	}
}

// on returns d, the decision for somebody who granted everything, with the reason of the
// exemption.
func (e *exemption) on(d Decision) Decision {
	if d.body == nil {
		return d
	}
	if last := e.last.Load(); last != nil && last.from == d.body {
		return last.made
	}
	made := d.clone()
	for i, v := range made.body.verdicts {
		if v.Allowed {
			made.body.verdicts[i].Reason, made.body.verdicts[i].Cause = ReasonExempt, e.why
		}
	}
	e.last.Store(&overlaid{d.body, made})
	return made
}
