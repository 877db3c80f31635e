package consent

import (
	"log"
	"runtime"
	"sync/atomic"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/nils"
)

// shared is what a Client and those derived from it have in common.
type shared struct {
	outlet      delivery.Outlet  // nil: there is none
	stored      *delivery.Stored // the outlet of a client of NewQueued, else nil
	queue       Queue            // of a client of NewQueued, else nil
	fingerprint string           // of the policy of a client of NewQueued
	untold      Result           // of a message whose outcome the outlet does not tell; "" if it tells all
	watcher     watcher          // the client that the outlet wraps, if it is one
	policy      Policy
	router      Router
	onDecision  func(analytics.Message, Decision)
	onOutcome   func(analytics.Message, Outcome)
	unchanged   func(analytics.Message, Decision, Reason) // DangerouslySendUnchanged
	log         func(format string, args ...any)
	counters    counters
	hearing     atomic.Int64 // calls of onOutcome that have not returned
}

func newShared(p Policy, o *Options) *shared {
	s := &shared{log: log.Printf, untold: Accepted, router: Segment{}}
	if !nils.Is(p) {
		s.policy = p
	}
	if o != nil {
		if o.Router != nil {
			s.router = o.Router
		}
		s.onDecision, s.onOutcome, s.unchanged = o.OnDecision, o.OnOutcome, o.DangerouslySendUnchanged
	}
	return s
}

// A watcher is told of decisions without being asked for: see [New].
type watcher interface {
	Decided(m analytics.Message, d Decision, suppressed Reason)
}

// A teller tells what became of the messages that it accepted: see [New].
type teller interface {
	Tells(tell func(analytics.Message, error))
}

// told returns the function for a teller, the client of w.
func (s *shared) told(w *delivery.Wrapped) func(analytics.Message, error) {
	tell := s.tell(nil)
	return func(m analytics.Message, err error) {
		defer w.Told(m, err) // also if OnOutcome ends the goroutine
		s.count(err)
		tell(m, err)
	}
}

// decided tells of a decision before the message is sent or suppressed.
func (s *shared) decided(m analytics.Message, d Decision, suppressed Reason) {
	if s.watcher != nil {
		s.guard("Decided", func() { s.watcher.Decided(m, d, suppressed) })
	}
	if s.onDecision != nil {
		s.guard("OnDecision", func() { s.onDecision(m, d) })
	}
}

// decide asks the policy. Without one, and if it panics, nothing is allowed.
func (s *shared) decide(state State) (d Decision) {
	if s.policy == nil {
		return d
	}
	defer s.caught("Policy")
	return s.policy.Decide(state)
}

// settle counts the outcome of a message and tells it to the application.
func (s *shared) settle(m analytics.Message, o Outcome) {
	s.counters.count(o.Result)
	s.hear(m, o)
}

// outcomeOf returns the outcome of a message that was accepted.
func outcomeOf(err error) Outcome {
	if err != nil {
		return Outcome{Result: Failed, Err: err}
	}
	return Outcome{Result: Delivered}
}

// count counts the outcome of a message that was accepted.
func (s *shared) count(err error) { s.counters.count(outcomeOf(err).Result) }

// tell returns a function that tells the outcome of a message that was accepted, also to
// the application's Callback, which may be nil.
func (s *shared) tell(callback analytics.Callback) func(analytics.Message, error) {
	return func(m analytics.Message, err error) {
		defer s.hear(m, outcomeOf(err)) // also if the Callback ends the goroutine
		switch {
		case callback == nil:
		case err == nil:
			s.guard("Callback.Success", func() { callback.Success(copyOf(m)) })
		default:
			s.guard("Callback.Failure", func() { callback.Failure(copyOf(m), err) })
		}
	}
}

// An OnOutcome that enqueues a refused message again is called for that again, but not in more
// than maxFrames stack frames. The depth is measured only if more than maxHearing calls are
// under way, since measuring takes a while.
const (
	maxFrames  = 2000
	maxHearing = 100
)

// hear tells an outcome to the application. If the hook panics, its caller must go on.
func (s *shared) hear(m analytics.Message, o Outcome) {
	if s.onOutcome == nil {
		return
	}
	defer s.hearing.Add(-1)
	if s.hearing.Add(1) > maxHearing && runtime.Callers(maxFrames, make([]uintptr, 1)) > 0 {
		s.log("consent: OnOutcome is not told of a message that it enqueued itself: it was called too deep")
		return
	}
	s.guard("OnOutcome", func() { s.onOutcome(copyOf(m), o) })
}

// guard calls a function of the application and logs its panic, without the value,
// which may be anybody's.
func (s *shared) guard(name string, call func()) {
	defer s.caught(name)
	call()
}

// caught is what guard defers.
func (s *shared) caught(name string) {
	if r := recover(); r != nil {
		s.log("consent: %s panicked with a %T", name, r)
	}
}
