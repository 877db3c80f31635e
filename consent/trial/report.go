package trial

import (
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/segment"
)

// A Report holds the counts of a Trial, and has a JSON form. It is sorted: the largest loss
// first.
type Report struct {
	From         time.Time     `json:"from"` // of the first message
	To           time.Time     `json:"to"`   // of the last
	Messages     uint64        `json:"messages"`
	Suppressed   uint64        `json:"suppressed"` // that would be suppressed
	Destinations []Destination `json:"destinations"`
	Events       []Event       `json:"events"`
	Claims       []Claim       `json:"claims,omitempty"`
}

// A Claim counts the messages that the application sent to some destination whatever
// visitors answer: with [consent.Client.Exempt] or [consent.Client.Necessary].
type Claim struct {
	Reason   consent.Reason `json:"reason"`
	Why      string         `json:"why,omitempty"` // in the application's words
	Messages uint64         `json:"messages"`
}

// A Destination is what one destination would lose.
type Destination struct {
	Name      string `json:"name"`
	Warehouse bool   `json:"warehouse,omitempty"`
	Storage   bool   `json:"storage,omitempty"` // the integrations object cannot stop it
	Listed    bool   `json:"listed"`            // the policy names it
	Absent    bool   `json:"absent,omitempty"`  // missing from the workspace given to New: nothing is counted
	Messages  uint64 `json:"messages"`          // that are sent to it today
	Lost      uint64 `json:"lost"`              // of those
	Losses    []Loss `json:"losses,omitempty"`
}

// A Loss is what a destination would lose for one reason.
type Loss struct {
	Reason   consent.Reason `json:"reason"`
	Cause    string         `json:"cause,omitempty"` // a category or destination of the policy
	Messages uint64         `json:"messages"`
	Events   []Share        `json:"events"`
}

// A Share is one event's part of a loss.
type Share struct {
	Type     string `json:"type"`
	Name     string `json:"name,omitempty"`
	Messages uint64 `json:"messages"`
}

// An Event counts the outcomes of one event.
type Event struct {
	Type       string `json:"type"`
	Name       string `json:"name,omitempty"` // of a track, a page or a screen
	Messages   uint64 `json:"messages"`
	Suppressed uint64 `json:"suppressed,omitempty"` // that would be suppressed
}

// Merge returns the sum of reports, of several processes or days. It has the bounds of a
// Trial. The processes must have the same policy and workspace.
func Merge(reports ...Report) Report {
	s := newSums()
	for _, r := range reports {
		s.seen(r.From, r.To)
		for _, e := range r.Events {
			s.event(event{e.Type, e.Name}, e.Suppressed, true)
			s.event(event{e.Type, e.Name}, e.Messages-min(e.Messages, e.Suppressed), false)
		}
		for _, c := range r.Claims {
			s.claim(reason{c.Reason, c.Why}, c.Messages)
		}
		for _, d := range r.Destinations {
			sum := s.destination(target{
				name: d.Name, listed: d.Listed, absent: d.Absent,
				destination: segment.Destination{Name: d.Name, Warehouse: d.Warehouse, Storage: d.Storage},
			})
			if sum == nil {
				continue
			}
			sum.messages += d.Messages
			for _, l := range d.Losses {
				for _, e := range l.Events {
					s.lose(sum, reason{l.Reason, l.Cause}, event{e.Type, e.Name}, e.Messages)
				}
			}
		}
	}
	return s.report()
}
