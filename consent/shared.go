package consent

import (
	"log"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/nils"
)

// shared is what a Client and those derived from it have in common.
type shared struct {
	next       analytics.Client
	watcher    watcher // next, if it is one
	policy     Policy
	onDecision func(analytics.Message, Decision)
	onOutcome  func(analytics.Message, Outcome)
	log        func(format string, args ...any)
	counters   counters
	gate       gate
}

func newShared(p Policy, o *Options) *shared {
	s := &shared{log: log.Printf, gate: gate{empty: make(chan struct{})}}
	if !nils.Is(p) {
		s.policy = p
	}
	if o != nil {
		s.onDecision, s.onOutcome = o.OnDecision, o.OnOutcome
	}
	return s
}

// A watcher is told of decisions without being asked for: see [New].
type watcher interface {
	Decided(m analytics.Message, d Decision, suppressed Reason)
}

// tell tells of a decision before the message is sent or stays home.
func (s *shared) tell(m analytics.Message, d Decision, suppressed Reason) {
	if s.watcher != nil {
		s.guard("Decided", func() { s.watcher.Decided(m, d, suppressed) })
	}
	if s.onDecision != nil {
		s.guard("OnDecision", func() { s.onDecision(m, d) })
	}
}

// decide asks the policy. Without one, and if it panics, nothing is allowed.
func (s *shared) decide(state State) (d Decision) {
	if s.policy != nil {
		s.guard("Policy", func() { d = s.policy.Decide(state) })
	}
	return d
}

// send passes the message on unless Close was called.
func (s *shared) send(m analytics.Message) error {
	if !s.gate.enter() {
		return analytics.ErrClosed
	}
	defer s.gate.leave()
	if err := s.next.Enqueue(m); err != nil {
		return err
	}
	if _, ok := s.next.(*sender); !ok {
		s.settle(m, Outcome{Result: Accepted})
	}
	return nil
}

func (s *shared) close() error {
	if !s.gate.close() {
		return analytics.ErrClosed
	}
	return s.next.Close()
}
