// Package telemetry counts and logs what was decided about messages, by destination and
// reason, for dashboards, alerts and logs.
//
// It holds nothing personal: no ids, properties, traits or names of events, and no name that
// only a visitor's cookie has. What it keeps is bounded, whatever visitors send.
//
//	meter := telemetry.New(policy)
//	client, err := consent.NewSegment(key, config, policy, &consent.Options{
//		OnDecision: meter.Decided,
//	})
//	read := middleware.New(middleware.Options{Sources: sources, OnError: meter.Unread})
//
// The module consent/otel gives the counts to OpenTelemetry; for the package expvar of the
// standard library there is an example.
package telemetry

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/nils"
)

// Other stands for destinations that the policy does not name, and for reasons of a policy
// that has more than 64 of them.
const Other = "other"

// maxReasons limits the reasons that are told apart: this library has about twenty.
const maxReasons = 64

// A Meter counts decisions. It may be used by many goroutines at once, and takes no lock
// but for a combination that it has not seen before, and for a reason counted as [Other].
type Meter struct {
	destinations map[string]bool // that the policy names
	unread       atomic.Uint64

	counts atomic.Pointer[map[key]*atomic.Uint64] // never changed, but replaced

	mu      sync.Mutex // held to replace counts
	reasons map[consent.Reason]bool
}

type key struct {
	destination string
	allowed     bool
	reason      consent.Reason
}

// A Count says how many messages were decided so for a destination.
type Count struct {
	Destination string // as the policy names it, or Other
	Allowed     bool
	Reason      consent.Reason
	Messages    uint64
}

// New returns a Meter for the messages of clients with that policy.
func New(p consent.Policy) *Meter {
	m := &Meter{destinations: make(map[string]bool), reasons: make(map[consent.Reason]bool)}
	m.counts.Store(new(map[key]*atomic.Uint64))
	if !nils.Is(p) {
		for v := range p.Decide(consent.State{}).Verdicts() { // without a name of a visitor's
			m.destinations[v.Destination] = true
		}
	}
	return m
}

// Decided is for the OnDecision of a Client. It counts each verdict of the decision, also of
// a message that is suppressed.
func (m *Meter) Decided(_ analytics.Message, d consent.Decision) {
	for v := range d.Verdicts() {
		name := v.Destination
		if !m.destinations[name] {
			name = Other
		}
		m.counter(key{name, v.Allowed, v.Reason}).Add(1)
	}
}

// Unread is for the OnError of the middleware and of preferences.Handler. It counts.
func (m *Meter) Unread(*http.Request, error) { m.unread.Add(1) }

// Errors returns how often Unread was called.
func (m *Meter) Errors() uint64 { return m.unread.Load() }

// Counts returns the counts so far, sorted.
func (m *Meter) Counts() []Count {
	var counts []Count
	for k, n := range *m.counts.Load() {
		counts = append(counts, Count{k.destination, k.allowed, k.reason, n.Load()})
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Destination, b.Destination), compareBool(b.Allowed, a.Allowed), cmp.Compare(a.Reason, b.Reason))
	})
	return counts
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (m *Meter) counter(k key) *atomic.Uint64 {
	if n, ok := (*m.counts.Load())[k]; ok {
		return n
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.reasons[k.reason] && len(m.reasons) >= maxReasons {
		k.reason = Other
	} else {
		m.reasons[k.reason] = true
	}
	before := *m.counts.Load()
	if n, ok := before[k]; ok {
		return n
	}
	counts := maps.Clone(before)
	if counts == nil {
		counts = make(map[key]*atomic.Uint64)
	}
	n := new(atomic.Uint64)
	counts[k] = n
	m.counts.Store(&counts)
	return n
}
