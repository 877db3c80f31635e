// Package rudderstacktest has a fake of RudderStack's data plane on the loopback interface,
// for tests and for programs that show something: RudderStack's client sends to it, and it
// delivers by the rules of RudderStack's server. It can be made to fail. Nothing leaves the
// machine.
//
//	func TestOrdersArrive(t *testing.T) {
//		plane := rudderstacktest.New(t, rudderstacktest.Source{Destinations: []rudderstacktest.Destination{{Name: "Amplitude"}}})
//		client, err := rudderstack.New(plane.WriteKey(), rudder.Config{DataPlaneUrl: plane.URL()}, rudderstack.Router{}, policy, nil)
//		// ... use the client
//		client.Close()
//		plane.RequireInbox(t, "Amplitude", 1)
//	}
//
// The rules were written from RudderStack's documentation (data-governance/consent-management,
// event-spec: filtering by integrations), and from what its server did with the cases in
// testdata when it was run (rudderlabs/rudder-server, revision f2655fbb of 2026-08-19). Where
// the two differ the fake does what the server did. It uses the standard library alone, and
// does not import testing.
package rudderstacktest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/go-consent/segment/internal/loopback"
)

// A DataPlane is a fake of RudderStack's. It takes batches and single calls, with their
// documented limits, and delivers each event to an inbox for each destination. All methods
// may be called from many goroutines at once.
//
// An event that a client sends again arrives again.
type DataPlane struct {
	source Source
	server *loopback.Server
	script loopback.Script[Fault]

	mu       sync.Mutex
	arrivals []Arrival
	refusals []Refusal
}

// Start starts a DataPlane on a free port. The error is that of listening. Stop it in the end.
func Start(s Source) (*DataPlane, error) {
	s.WriteKey = cmp.Or(s.WriteKey, rand.Text())
	p := &DataPlane{source: s}
	var err error
	if p.server, err = loopback.Start(p.handle); err != nil {
		return nil, fmt.Errorf("rudderstacktest: the fake RudderStack cannot listen: %w", err)
	}
	return p, nil
}

// TB is the part of testing.TB that this package uses.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// New starts a DataPlane, which stops at the end of the test. A client that sends to it has
// to be closed before the test looks at what arrived.
func New(t TB, s Source) *DataPlane {
	t.Helper()
	p, err := Start(s)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(p.Stop)
	return p
}

// WriteKey returns the write key of the source.
func (p *DataPlane) WriteKey() string { return p.source.WriteKey }

// URL returns the address to send to, the DataPlaneUrl of a client.
func (p *DataPlane) URL() string { return p.server.URL() }

// Stop breaks all connections, those that hang included. Connections are refused from then
// on. A second Stop does nothing.
func (p *DataPlane) Stop() { p.server.Stop() }
