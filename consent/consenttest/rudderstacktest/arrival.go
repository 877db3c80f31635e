package rudderstacktest

import (
	"bytes"
	"slices"
)

// An Arrival is an event that the fake RudderStack took.
type Arrival struct {
	Type       string // "track", "identify", "page", "screen", "group" or "alias"
	MessageID  string
	JSON       []byte
	Deliveries []Delivery // one for each destination of the source
}

// A Refusal is a request that the fake RudderStack did not take.
type Refusal struct {
	Status int // of the response
	Reason string
}

// Arrivals returns what was taken, in order. The JSON is a copy.
func (p *DataPlane) Arrivals() []Arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	arrivals := slices.Clone(p.arrivals)
	for i := range arrivals {
		arrivals[i].JSON = bytes.Clone(arrivals[i].JSON)
		arrivals[i].Deliveries = slices.Clone(arrivals[i].Deliveries)
	}
	return arrivals
}

// Inbox returns what was delivered to the destination of that name, in order.
func (p *DataPlane) Inbox(destination string) []Arrival {
	return slices.DeleteFunc(p.Arrivals(), func(a Arrival) bool { return !a.At(destination).Delivered })
}

// At returns what became of the event at the destination, or the zero Delivery if the source
// has none of that name.
func (a Arrival) At(destination string) Delivery {
	for _, d := range a.Deliveries {
		if d.Destination == destination {
			return d
		}
	}
	return Delivery{}
}

// Refusals returns what was not taken, in order. Faults of the script are not among
// them.
func (p *DataPlane) Refusals() []Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.refusals)
}

// Requests returns how many requests have brought events, including those that met a fault.
func (p *DataPlane) Requests() int { return p.script.Requests() }

// Reset forgets what arrived and what was refused. The script of faults goes on.
func (p *DataPlane) Reset() {
	p.script.Recount()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrivals, p.refusals = nil, nil
}

func (p *DataPlane) take(arrivals []Arrival) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrivals = kept(append(p.arrivals, arrivals...), p.source.Keep)
}

func (p *DataPlane) refuse(r Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusals = kept(append(p.refusals, r), p.source.Keep)
}

// kept returns the last n of them, or all if n is 0.
func kept[T any](all []T, n int) []T {
	if n > 0 && len(all) > n {
		return slices.Delete(all, 0, len(all)-n)
	}
	return all
}
