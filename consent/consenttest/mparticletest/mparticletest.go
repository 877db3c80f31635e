// Package mparticletest has a fake of mParticle on the loopback interface, for tests and for
// programs that show something: clients of the Events API send to it, and it forwards by the
// documented rules of connections. It can be made to fail. Nothing leaves the machine.
//
//	func TestOrdersArrive(t *testing.T) {
//		fake := mparticletest.New(t, mparticletest.Workspace{Connections: []mparticletest.Connection{
//			{Output: "Amplitude", Purpose: "analytics"},
//		}})
//		client, err := mparticle.New(mparticle.Config{
//			Endpoint: fake.URL(), Key: fake.Key(), Secret: fake.Secret(),
//		}, router, policy, nil)
//		// ... use the client, and close it
//		fake.RequireInbox(t, "Amplitude", 1)
//	}
//
// The package does not import testing.
package mparticletest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-consent/segment/internal/loopback"
)

// A Workspace is what is set up at mParticle for the input that the events come from.
type Workspace struct {
	// Connections are those of the input.
	Connections []Connection

	// Purposes are the GDPR purposes that are defined, in lower case. A batch with another one
	// is refused. Empty: all are taken.
	Purposes []string

	// Key and Secret are the credentials. Empty: some that are made up.
	Key, Secret string

	// Keep is how many arrivals are kept, and how many refusals; the oldest are forgotten
	// first. Zero: all, as long as the fake runs.
	Keep int
}

// A Connection forwards events to an output, if its rules let them pass. Rules look at the
// consent that is stored in the profile of the user, after the batch of the event was read.
type Connection struct {
	Output string

	// Purpose is that of the rule "only forward if GDPR consent for it is true". "": none.
	Purpose string

	// NoSale is the rule "do not forward if CCPA data sale opt-out is present".
	NoSale bool
}

// A Server is a fake of mParticle. It has the endpoints /v2/events and /v2/bulkevents with
// their documented limits and formats, profiles with stored consent, and an inbox for each
// output. Where the documentation is silent it is strict: a purpose in upper case, or a field
// that the schema lacks, refuses a batch.
//
// A batch belongs to the profile of its customer_id or, without one, of its first other
// identity: a real workspace has an identity strategy of its own. As the real one does, it
// answers 202 if it takes at least one batch of a request, and drops a batch whose
// source_request_id it has seen. All methods may be called from many goroutines at once.
type Server struct {
	workspace Workspace

	server *loopback.Server
	script loopback.Script[Fault]

	mu       sync.Mutex
	seen     map[string]bool     // source_request_ids
	profiles map[string]*Consent // by identity
	arrivals []Arrival
	refusals []Refusal
}

// Start starts a fake on a free port. The error is that of listening. Stop it in the end.
func Start(w Workspace) (*Server, error) {
	w.Key, w.Secret = cmp.Or(w.Key, rand.Text()), cmp.Or(w.Secret, rand.Text())
	w.Connections, w.Purposes = slices.Clone(w.Connections), slices.Clone(w.Purposes)
	s := &Server{workspace: w, seen: make(map[string]bool), profiles: make(map[string]*Consent)}
	var err error
	if s.server, err = loopback.Start(s.serve); err != nil {
		return nil, fmt.Errorf("mparticletest: the fake cannot listen: %w", err)
	}
	return s, nil
}

// Stop breaks all connections, those that hang included, and waits until nothing of them is
// left.
func (s *Server) Stop() { s.server.Stop() }

// TB is the part of testing.TB that this package uses. Programs that start a Server would
// otherwise hold the testing package.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// New starts a fake that stops at the end of the test. A client that sends to it has to be
// closed or flushed before the test looks at what arrived.
func New(t TB, w Workspace) *Server {
	t.Helper()
	s, err := Start(w)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Key returns the key of the input.
func (s *Server) Key() string { return s.workspace.Key }

// Secret returns the secret of the input.
func (s *Server) Secret() string { return s.workspace.Secret }

// URL returns the address, to which a client appends /v2/bulkevents.
func (s *Server) URL() string { return s.server.URL() }

// A Consent is what a profile has stored. A purpose that nobody told of is in neither map.
type Consent struct {
	GDPR map[string]bool // true: consented
	CCPA map[string]bool // of data_sale_opt_out; true: opted out
}

// Profile returns what is stored for an identity, such as "customer_id" and "u1", and false if
// no batch belonged to it.
func (s *Server) Profile(kind, id string) (Consent, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, ok := s.profiles[kind+"="+id]
	if !ok {
		return Consent{}, false
	}
	return Consent{maps.Clone(stored.GDPR), maps.Clone(stored.CCPA)}, true
}

// passes reports whether the rules let an event of a profile pass, and else why not.
func (c Connection) passes(stored *Consent) (reason string, ok bool) {
	switch {
	case c.Purpose != "" && !stored.GDPR[strings.ToLower(strings.TrimSpace(c.Purpose))]:
		return FilteredByPurpose, false
	case c.NoSale && stored.CCPA[optOut]:
		return FilteredByOptOut, false
	default:
		return "", true
	}
}

// Arrivals returns what was taken, in order. It is a copy.
func (s *Server) Arrivals() []Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	arrivals := slices.Clone(s.arrivals)
	for i := range arrivals {
		arrivals[i].Batch, arrivals[i].Event = bytes.Clone(arrivals[i].Batch), bytes.Clone(arrivals[i].Event)
		arrivals[i].Identities = maps.Clone(arrivals[i].Identities)
		arrivals[i].Deliveries = slices.Clone(arrivals[i].Deliveries)
	}
	return arrivals
}

// Inbox returns what was forwarded to the output, in order.
func (s *Server) Inbox(output string) []Arrival {
	return slices.DeleteFunc(s.Arrivals(), func(a Arrival) bool { return !a.at(output).Delivered })
}

// Refusals returns what was not taken, in order. Faults of the script are not among them.
func (s *Server) Refusals() []Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refusals)
}

// Requests returns how many requests have come, including those that met a fault.
func (s *Server) Requests() int { return s.script.Requests() }
