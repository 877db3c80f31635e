package segmenttest

import (
	"bytes"
	"slices"

	"github.com/go-consent/segment/internal/segment"
)

// Reasons of a [Delivery] that was not made, of which the first is in Segment's words.
const (
	FilteredByConsent      = segment.ByConsent
	FilteredByIntegrations = segment.ByIntegrations
)

// A Delivery is what became of an event at one destination.
type Delivery struct {
	Destination string
	Delivered   bool
	Reason      string // why not: FilteredByConsent or FilteredByIntegrations
}

// An Arrival is an event that the fake Segment took.
type Arrival struct {
	Call       string // of the API: "batch", or a single call such as "track" or "t"
	Type       string // "track", "identify", "page", "screen", "group" or "alias"
	MessageID  string
	JSON       []byte     // with what Segment merges into it: the context and integrations of its batch
	Deliveries []Delivery // one for each destination of the workspace
}

// A Refusal is a request, or one event of it, that the fake Segment did not take.
type Refusal struct {
	Status int // of the response
	Reason string
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

// Sent returns the JSON of the Arrivals, for consenttest.RequireHonoured.
func (s *Segment) Sent() [][]byte {
	var sent [][]byte
	for _, a := range s.Arrivals() {
		sent = append(sent, a.JSON)
	}
	return sent
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

// Reset forgets what arrived and what was refused, and that a message id was seen. The
// script of faults goes on.
func (s *Segment) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals, s.refusals, s.requests = nil, nil, 0
	clear(s.seen)
}

// take keeps an event, unless it was seen before: a client sends again what it got no
// answer for.
func (s *Segment) take(a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.MessageID != "" {
		if s.seen[a.MessageID] {
			return
		}
		s.seen[a.MessageID] = true
	}
	s.arrivals = append(s.arrivals, a)
	if keep := s.workspace.Keep; keep > 0 && len(s.arrivals) > keep {
		delete(s.seen, s.arrivals[0].MessageID)
		s.arrivals = slices.Delete(s.arrivals, 0, 1)
	}
}

func (s *Segment) refuse(r Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, r)
	if keep := s.workspace.Keep; keep > 0 && len(s.refusals) > keep {
		s.refusals = slices.Delete(s.refusals, 0, 1)
	}
}
