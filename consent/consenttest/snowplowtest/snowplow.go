// Package snowplowtest has a fake of a Snowplow pipeline on the loopback interface, for tests
// and for programs that show something: real trackers send to it, and it validates and
// passes on as Snowplow documents it. It can be made to fail. Nothing leaves the machine.
//
//	func TestOrdersArrive(t *testing.T) {
//		pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Destinations: []string{"Braze"}})
//		client, err := snowplow.New(snowplow.Config{Collector: pipeline.URL()}, router, policy, nil)
//		// ... use the client
//		client.Close()
//		pipeline.RequireInbox(t, "Braze", 1)
//		pipeline.RequireNoFailures(t)
//	}
//
// The package does not import testing.
package snowplowtest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/go-consent/segment/internal/loopback"
)

// A Pipeline says what a fake Snowplow does with events.
type Pipeline struct {
	// Destinations are what it feeds: Snowplow enforces no consent, so each gets every event.
	Destinations []string

	// Validate checks the data of an event or of an entity against its Iglu schema. Nil:
	// every schema is known, and everything is valid.
	Validate func(schema string, data []byte) error

	// MaxBytes is how large the body of a request may be. Zero: 1,000,000, the limit of a
	// collector's Kinesis sink. A larger one is refused with status 413; a real collector may
	// also take it, and lose events of it later.
	MaxBytes int

	// Keep limits how many events and failures are kept, for programs that run long. Zero:
	// all.
	Keep int
}

// A Snowplow is a fake of a pipeline: of its collector, which takes everything that is not
// too large, and of what comes after, where events are validated. That what fails there was
// taken before is how Snowplow does it: the client that sent it is not told.
//
// Events are checked as the tracker protocol and the atomic schema have it (the names of
// parameters, the required ones, UUIDs, timestamps, lengths), read in November 2026. What
// Snowplow leaves to be found later, as duplicates, is kept. All methods may be called from
// many goroutines at once.
type Snowplow struct {
	pipeline Pipeline
	server   *loopback.Server
	script   loopback.Script[Fault]

	mu       sync.Mutex
	events   []Event
	failures []Failure
}

// Start starts a fake Snowplow on a free port. The error is that of listening. Stop it in the
// end.
func Start(p Pipeline) (*Snowplow, error) {
	p.MaxBytes = cmp.Or(p.MaxBytes, 1_000_000)
	s := &Snowplow{pipeline: p}
	var err error
	if s.server, err = loopback.Start(s.serve); err != nil {
		return nil, fmt.Errorf("snowplowtest: the fake Snowplow cannot listen: %w", err)
	}
	return s, nil
}

// Stop breaks all connections, those that hang included, and waits until nothing of them is
// left. A second Stop does nothing.
func (s *Snowplow) Stop() { s.server.Stop() }

// TB is the part of testing.TB that this package uses.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// New starts a fake Snowplow, which stops at the end of the test. Close a client that sends
// to it before the test looks at what arrived.
func New(t TB, p Pipeline) *Snowplow {
	t.Helper()
	s, err := Start(p)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(s.Stop)
	return s
}

// URL returns the address of the collector, without a path.
func (s *Snowplow) URL() string { return s.server.URL() }

// Events returns the events that passed every check, in order. They are copies.
func (s *Snowplow) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := make([]Event, len(s.events))
	for i, e := range s.events {
		events[i] = e.clone()
	}
	return events
}

// Inbox returns what the destination of that name got: all events, if the pipeline feeds it.
func (s *Snowplow) Inbox(destination string) []Event {
	if !slices.Contains(s.pipeline.Destinations, destination) {
		return nil
	}
	return s.Events()
}

// Failures returns what the collector took and a later check did not pass, and what the
// collector did not take, in order.
func (s *Snowplow) Failures() []Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.failures)
}

// Requests returns how many requests have come to the collector, including those that met a
// fault.
func (s *Snowplow) Requests() int { return s.script.Requests() }

// Reset forgets what arrived and what failed. The script of faults goes on.
func (s *Snowplow) Reset() {
	s.script.Recount()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events, s.failures = nil, nil
}

func (s *Snowplow) take(events []Event, failures []Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events, s.failures = append(s.events, events...), append(s.failures, failures...)
	if keep := s.pipeline.Keep; keep > 0 {
		s.events = slices.Delete(s.events, 0, max(0, len(s.events)-keep))
		s.failures = slices.Delete(s.failures, 0, max(0, len(s.failures)-keep))
	}
}
