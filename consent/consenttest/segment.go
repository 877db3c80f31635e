package consenttest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/segment"
)

// A Workspace is what is set up at Segment for the source that the events come from.
type Workspace struct {
	// Destinations are those connected to the source, by their names in Segment's
	// documentation. The names of warehouses and of storage tell what they are.
	Destinations []string

	// Former lists other names of a destination that Segment's catalogue accepts.
	Former map[string][]string

	// Categories maps the destinations to categories of consent, as on the page of
	// the workspace. A destination in none needs no consent. Without categories
	// nothing is enforced, as on plans without Segment's consent product. Leave out a
	// category that is disabled at Segment, which then does not enforce it.
	Categories map[string][]string

	// WriteKey is the key of the source. Empty: one made up.
	WriteKey string

	// EU is whether the workspace is European.
	EU bool
}

// Reasons of a [Delivery] that was not made, of which the first is in Segment's words.
const (
	FilteredByConsent      = "filtered by end user consent"
	FilteredByIntegrations = "filtered by the integrations object"
)

// A Delivery is what became of an event at one destination.
type Delivery struct {
	Destination string
	Delivered   bool
	Reason      string // why not: FilteredByConsent or FilteredByIntegrations
}

// An Arrival is an event that the fake Segment took.
type Arrival struct {
	Type       string // "track", "identify", "page", "screen", "group" or "alias"
	JSON       []byte
	Deliveries []Delivery // one for each destination of the workspace
}

// A Refusal is a request, or one event of it, that the fake Segment did not take.
type Refusal struct {
	Status int // of the response
	Reason string
}

// A Segment is a fake of Segment on the loopback interface. It has the batch and the
// single-call endpoints with their limits, enforces consent and integrations as
// Segment documents it, and delivers to an inbox for each destination. It can be made
// to fail: see [Segment.Script]. Nothing leaves the machine.
//
// Where Segment's documentation is silent or contradicts itself, it is as strict as it
// can be with the client: a wrong region is refused with status 400, and a consent
// object of {} enforces nothing. Events with a message id that was seen before are
// taken and dropped. All methods may be called from many goroutines at once.
type Segment struct {
	t         testing.TB
	workspace Workspace
	routes    segment.Workspace
	address   string

	mu       sync.Mutex
	running  *run // nil: stopped
	faults   []Fault
	seen     map[string]bool // message ids
	arrivals []Arrival
	refusals []Refusal
	requests int
}

// NewSegment starts a fake Segment, which stops at the end of the test. A client that
// sends to it has to be closed before that, and before looking at what arrived:
//
//	segment := consenttest.NewSegment(t, consenttest.Workspace{Destinations: []string{"Amplitude"}})
//	client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), policy, nil)
//	// ... use the client
//	client.Close()
//	segment.RequireInbox(t, "Amplitude", 1)
func NewSegment(t testing.TB, w Workspace) *Segment {
	t.Helper()
	w.WriteKey = cmp.Or(w.WriteKey, rand.Text())
	s := &Segment{
		t: t, workspace: w, address: "127.0.0.1:0",
		routes: segment.Workspace{Categories: w.Categories},
		seen:   make(map[string]bool),
	}
	for _, name := range w.Destinations {
		d := segment.Named(name)
		d.Former = w.Former[name]
		s.routes.Destinations = append(s.routes.Destinations, d)
	}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// WriteKey returns the write key of the source.
func (s *Segment) WriteKey() string { return s.workspace.WriteKey }

// URL returns the address to send to, which is an endpoint of the workspace's region.
func (s *Segment) URL() string { return "http://" + s.address }

// Config returns a configuration for a client that sends to s, without the pauses that
// a test would have to wait for: it sends soon, and tries again at once.
func (s *Segment) Config() analytics.Config {
	return analytics.Config{
		Endpoint:   s.URL(),
		Interval:   10 * time.Millisecond,
		RetryAfter: func(int) time.Duration { return time.Millisecond },
	}
}

// A run is the server between Start and Stop.
type run struct {
	server      *http.Server
	stopped     chan struct{}  // closed: let go of everything
	serving     chan struct{}  // closed when the server accepts no more
	connections sync.WaitGroup // until each is closed and its handler has returned
}

// Start starts s again, at the same address, after Stop.
func (s *Segment) Start() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return
	}
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatalf("consenttest: the fake Segment cannot listen: %v", err)
	}
	s.address = listener.Addr().String()
	r := &run{stopped: make(chan struct{}), serving: make(chan struct{})}
	r.server = &http.Server{
		Handler:     s.handler(r),
		ReadTimeout: 30 * time.Second,
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				r.connections.Add(1)
				select {
				case <-r.stopped:
					c.Close() // Close of the server may have missed it
				default:
				}
			case http.StateClosed:
				r.connections.Done()
			}
		},
	}
	go func() {
		defer close(r.serving)
		_ = r.server.Serve(listener) // it ends with Stop
	}()
	s.running = r
}

// Stop breaks all connections, those that hang included, and waits until nothing of
// them is left. Connections are refused until Start.
func (s *Segment) Stop() {
	s.mu.Lock()
	r := s.running
	s.running = nil
	s.mu.Unlock()
	if r == nil {
		return
	}
	close(r.stopped)
	_ = r.server.Close() // there is nobody to tell
	<-r.serving
	r.connections.Wait()
}

// Arrivals returns what was taken, in order. The JSON is a copy.
func (s *Segment) Arrivals() []Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	arrivals := slices.Clone(s.arrivals)
	for i := range arrivals {
		arrivals[i].JSON = bytes.Clone(arrivals[i].JSON)
		arrivals[i].Deliveries = slices.Clone(arrivals[i].Deliveries)
	}
	return arrivals
}

// Inbox returns what was delivered to the destination of that name, in order.
func (s *Segment) Inbox(destination string) []Arrival {
	return slices.DeleteFunc(s.Arrivals(), func(a Arrival) bool { return !a.at(destination).Delivered })
}

// Discarded returns what arrived and was not delivered to the destination for that
// reason, or for any if it is "".
func (s *Segment) Discarded(destination, reason string) []Arrival {
	return slices.DeleteFunc(s.Arrivals(), func(a Arrival) bool {
		d := a.at(destination)
		return d.Delivered || d.Destination == "" || reason != "" && d.Reason != reason
	})
}

// at returns what became of the event at the destination, or the zero Delivery.
func (a Arrival) at(destination string) Delivery {
	for _, d := range a.Deliveries {
		if d.Destination == destination {
			return d
		}
	}
	return Delivery{}
}

// Refusals returns what was not taken, in order. Faults of the script are not among
// them.
func (s *Segment) Refusals() []Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refusals)
}

// Requests returns how many requests have come to the endpoints for events, including
// those that met a fault.
func (s *Segment) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}
