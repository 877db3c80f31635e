package consent

import (
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
)

// warnUnchanged says, when a Client is made, that it enforces nothing.
func (s *shared) warnUnchanged() {
	if s.unchanged != nil {
		s.log("consent: DangerouslySendUnchanged is set: messages leave for every destination, whatever visitors answered")
	}
}

// leavesUnchanged reports whether a message leaves without its stamp.
func (c *Client) leavesUnchanged(made *stamp) bool {
	return c.shared.unchanged != nil && !made.update && !c.enforced
}

// sendUnchanged tells what would have become of the message, and sends an unchanged copy of it. It
// returns what send does.
func (c *Client) sendUnchanged(kind *delivery.Kind, given analytics.Message, made *stamp, suppressed Reason) (analytics.Message, Outcome) {
	s := c.shared
	decision := made.decision
	if suppressed == "" {
		var err error
		if decision, _, suppressed, err = made.put(kind.Open(given), s); err != nil {
			return refuse(given, err)
		}
	}
	m, _ := delivery.Open(copyOf(given)) // by value
	if _, err := c.identify(m, true); err != nil {
		return refuse(given, err)
	}
	c.tell(kind, given, decision, "")
	s.guard("DangerouslySendUnchanged", func() { s.unchanged(kind.Open(given).Value(), decision, suppressed) })
	tracked, err := s.outlet.Send(m, delivery.NotFrozen)
	if err != nil {
		return refuse(given, err)
	}
	s.counters.unenforced.Add(1)
	if tracked {
		return nil, Outcome{}
	}
	return given, Outcome{Result: s.untold}
}
