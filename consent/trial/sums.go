package trial

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go-consent/segment/consent"
)

// The bounds of what is counted separately, and of a name in bytes.
const (
	maxEvents       = 200
	maxDestinations = 500
	maxReasons      = 50     // at a destination
	maxCells        = 20_000 // of events at reasons at destinations
	maxName         = 100
)

// others stands for the events and reasons beyond those bounds.
const others = "(others)"

// sums are the counts of a report, to add to.
type sums struct {
	from, to             time.Time
	messages, suppressed uint64
	events               map[event]*eventSum
	destinations         map[string]*destinationSum
	claims               map[reason]uint64
	cells                int
}

type event struct{ kind, name string }

type reason struct {
	why   consent.Reason
	cause string
}

type eventSum struct{ messages, suppressed uint64 }

type destinationSum struct {
	target
	messages uint64
	losses   map[reason]map[event]uint64
}

func newSums() *sums {
	return &sums{events: make(map[event]*eventSum), destinations: make(map[string]*destinationSum), claims: make(map[reason]uint64)}
}

// seen extends the period of the report.
func (s *sums) seen(from, to time.Time) {
	if s.from.IsZero() || !from.IsZero() && from.Before(s.from) {
		s.from = from
	}
	if to.After(s.to) {
		s.to = to
	}
}

// short truncates a name to the limit, and makes it UTF-8.
func short(name string) string {
	if len(name) > maxName {
		name = name[:maxName] + "..."
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// known returns the event under which to count.
func (s *sums) known(e event) event {
	e = event{short(e.kind), short(e.name)}
	if _, ok := s.events[e]; ok || len(s.events) < maxEvents {
		return e
	}
	return event{name: others}
}

func (s *sums) event(e event, n uint64, suppressed bool) {
	e = s.known(e)
	sum := s.events[e]
	if sum == nil {
		sum = new(eventSum)
		s.events[e] = sum
	}
	s.messages += n
	sum.messages += n
	if suppressed {
		s.suppressed += n
		sum.suppressed += n
	}
}

// destination returns the counts of a destination, or nil if there is no room for it.
func (s *sums) destination(t target) *destinationSum {
	t.name = short(t.name)
	d := s.destinations[t.name]
	if d == nil && len(s.destinations) < maxDestinations {
		d = &destinationSum{target: t, losses: make(map[reason]map[event]uint64)}
		s.destinations[t.name] = d
	}
	return d
}

func (r reason) short() reason { return reason{consent.Reason(short(string(r.why))), short(r.cause)} }

func (s *sums) claim(c reason, n uint64) {
	c = c.short()
	if _, ok := s.claims[c]; !ok && len(s.claims) >= maxReasons {
		c = reason{why: others}
	}
	s.claims[c] += n
}

func (s *sums) lose(d *destinationSum, why reason, e event, n uint64) {
	why = why.short()
	if d.losses[why] == nil {
		if len(d.losses) >= maxReasons {
			why = reason{why: others}
		}
		if d.losses[why] == nil {
			d.losses[why] = make(map[event]uint64)
		}
	}
	e = s.known(e)
	if _, ok := d.losses[why][e]; !ok {
		if s.cells >= maxCells {
			e = event{name: others}
		} else {
			s.cells++
		}
	}
	d.losses[why][e] += n
}

// report returns the counts in display order.
func (s *sums) report() Report {
	r := Report{From: s.from, To: s.to, Messages: s.messages, Suppressed: s.suppressed}
	for e, sum := range s.events {
		r.Events = append(r.Events, Event{e.kind, e.name, sum.messages, sum.suppressed})
	}
	slices.SortFunc(r.Events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	for c, n := range s.claims {
		r.Claims = append(r.Claims, Claim{c.why, c.cause, n})
	}
	slices.SortFunc(r.Claims, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Why, b.Why))
	})
	for name, sum := range s.destinations {
		d := Destination{
			Name: name, Warehouse: sum.destination.Warehouse, Storage: sum.destination.Storage,
			Listed: sum.listed, Absent: sum.absent, Messages: sum.messages,
		}
		for why, events := range sum.losses {
			l := Loss{Reason: why.why, Cause: why.cause}
			for e, n := range events {
				l.Messages += n
				l.Events = append(l.Events, Share{e.kind, e.name, n})
			}
			slices.SortFunc(l.Events, func(a, b Share) int {
				return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
			})
			d.Lost += l.Messages
			d.Losses = append(d.Losses, l)
		}
		slices.SortFunc(d.Losses, func(a, b Loss) int {
			return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Cause, b.Cause))
		})
		r.Destinations = append(r.Destinations, d)
	}
	slices.SortFunc(r.Destinations, func(a, b Destination) int {
		return cmp.Or(cmp.Compare(b.Lost, a.Lost), cmp.Compare(a.Name, b.Name))
	})
	return r
}
