// Package segmenttest has a fake of Segment on the loopback interface, for tests and for
// programs that show something: real clients send to it, and it delivers by Segment's
// documented rules. It can be made to fail. Nothing leaves the machine.
//
//	func TestOrdersArrive(t *testing.T) {
//		segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
//		client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), policy, nil)
//		// ... use the client
//		client.Close()
//		segment.RequireInbox(t, "Amplitude", 1)
//	}
//
// The package does not import testing.
package segmenttest

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/segment"
)

// A Segment is a fake of Segment. It has the batch and the single-call endpoints with
// their limits, and the documents of the CDN; it enforces consent and integrations as
// Segment documents it, and delivers to an inbox for each destination. It can be made to
// fail: see [Segment.Script].
//
// Where Segment's documentation is silent or contradicts itself, it is as strict as it
// can be with the client: a wrong region is refused with status 400, and a consent
// object of {} enforces nothing. Events with a message id that was seen before are
// taken and dropped. All methods may be called from many goroutines at once.
type Segment struct {
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

// Start starts a fake Segment on a free port. The error is that of listening. Stop it in
// the end.
func Start(w Workspace) (*Segment, error) {
	w.WriteKey = cmp.Or(w.WriteKey, rand.Text())
	s := &Segment{workspace: w, routes: w.routes(), address: "127.0.0.1:0", seen: make(map[string]bool)}
	if err := s.Restart(); err != nil {
		return nil, err
	}
	return s, nil
}

// TB is the part of testing.TB that this package uses. Programs that start a Segment
// would otherwise hold the testing package.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// New starts a fake Segment, which stops at the end of the test. A client that sends to
// it has to be closed before that, and closed or flushed before the test looks at what
// arrived.
func New(t TB, w Workspace) *Segment {
	t.Helper()
	s, err := Start(w)
	if err != nil {
		t.Fatalf("%v", err)
	}
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

// ServeHTTP serves a request for any host of Segment, for programs that have a server of
// their own, such as one with TLS. It goes on after Stop, and meets no fault.
func (s *Segment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler(nil).ServeHTTP(w, r)
}
