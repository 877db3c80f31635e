package consent

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// Necessary returns a client whose messages these destinations may see whatever the visitor
// answered, since they are strictly necessary there. An example is a payment that is checked for
// fraud. It is like Always of a destinations.Config, but for these messages alone. As there, that
// it is necessary is the site's own legal claim:
//
//	client.For(ctx).Necessary("fraud check of a payment", "Sift").Enqueue(m)
//
// The verdicts of those destinations have [ReasonNecessary], with why as the Cause. All other
// verdicts stay as they are. So does the consent object, which holds only the visitor's answers: at
// Segment, the destination must be in no consent category, or Segment closes it by that object. The
// message may still be suppressed, for example if a denied destination is one that nothing can
// stop. An Alias leaves only if nothing else is denied, and nothing by the visitor. As with Always,
// no identifier is filled in for such a destination.
//
// Each name must be one that the policy lists whatever a visitor answers, an alias included, in the
// exact spelling. With any other name, without why, or without a name, Enqueue returns
// [ErrNecessary]. Another call of Necessary adds to the first. With and For keep the claim. It has
// no effect on the [UpdateEvent] and [Client.Tell].
func (c *Client) Necessary(why string, destinations ...string) *Client {
	d := c.derive()
	n := new(necessity)
	if c != nil && c.necessary != nil {
		n.claims = slices.Clone(c.necessary.claims)
	}
	n.claims = append(n.claims, claim{why, slices.Clone(destinations)})
	d.necessary = n
	return d
}

// A necessity is what a client of Necessary has in addition to its State.
type necessity struct {
	claims []claim
	last   atomic.Pointer[overlaid]
}

type claim struct {
	why          string
	destinations []string
}

// on returns d with the strictly necessary destinations allowed. The other Decision is that of the
// same policy for All(Denied): every name in it comes from the policy, and not from a visitor.
func (n *necessity) on(d Decision, unread func() Decision) (Decision, error) {
	if last := n.last.Load(); last != nil && last.from == d.body && d.body != nil {
		return last.made, nil
	}
	why, err := n.primaries(unread(), d)
	if err != nil {
		return d, err
	}
	made := d.clone()
	made.body.answered = d.body
	for i, v := range made.body.verdicts {
		if cause, ok := why[v.primary()]; ok {
			v.Allowed, v.Reason, v.Cause = true, ReasonNecessary, cause
			made.body.verdicts[i] = v
		}
	}
	n.last.Store(&overlaid{d.body, made})
	return made, nil
}

// primaries returns the destinations of all claims, by the name that their aliases have in
// common in d, with why.
func (n *necessity) primaries(unread, d Decision) (map[string]string, error) {
	known := make(map[string]bool)
	for v := range unread.Verdicts() {
		known[v.Destination] = true
	}
	primary := make(map[string]string)
	for v := range d.Verdicts() {
		if known[v.Destination] {
			primary[v.Destination] = v.primary()
		}
	}
	why := make(map[string]string)
	for _, c := range n.claims {
		switch {
		case strings.TrimSpace(c.why) == "":
			return nil, fmt.Errorf("%w: why was not said", ErrNecessary)
		case len(c.destinations) == 0:
			return nil, fmt.Errorf("%w: no destination was named", ErrNecessary)
		}
		for _, name := range c.destinations {
			p, ok := primary[name]
			if !ok {
				return nil, fmt.Errorf("%w: the policy does not name %q", ErrNecessary, name)
			}
			why[p] = c.why
		}
	}
	return why, nil
}
