package consent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"

	"github.com/segmentio/analytics-go/v3"
)

// An Answer is what a visitor has just answered, for [Client.Tell].
type Answer struct {
	// State is what counts from now on: the answer, with what the browser signals.
	State State

	// Forgotten says that the visitor took an answer back and gave no other. State is
	// then what counts without one.
	Forgotten bool

	// AnonymousID and UserID are the ids of the visitor; each may be "".
	AnonymousID, UserID string
}

// Tell tells Segment, or the service of an [Updater], of a visitor's new answer, in two
// messages. The first is [UpdateEvent], which leaves whatever the answer is. If the visitor has
// no id, it gets a new anonymous id: Segment requires one, and a shared id would mix the answers
// of several visitors. The second is the Identify of the Consent Manager, with the traits
// destinationTrackingPreferences and customTrackingPreferences; it leaves only if the
// visitor has an id and the answer opens a destination that needs consent. Only names that
// the policy has go into the traits.
//
// The answer belongs to the visitor whose ids it has. So neither the State that c is bound to nor
// [Client.About] matters, and [Client.Anonymous] fills in no id. The error joins those of
// [Client.Enqueue].
func (c *Client) Tell(a Answer) error {
	if c == nil || c.shared == nil || c.shared.outlet == nil {
		return fmt.Errorf("the update of preferences was not sent: %w", ErrNoClient)
	}
	decision := c.shared.decide(a.State)
	anonymous := a.AnonymousID
	known := anonymous != "" || a.UserID != ""
	if !known {
		anonymous = rand.Text()
	}
	c = c.plain()
	var failed []error
	err := c.With(c.shared.reported(a.State)).Enqueue(analytics.Track{Event: UpdateEvent, AnonymousId: anonymous, UserId: a.UserID})
	if err != nil {
		failed = append(failed, fmt.Errorf("the update of preferences was not sent: %w", err))
	}
	if known && !a.Forgotten && c.Opens(a.State) {
		err := c.With(a.State).Enqueue(analytics.Identify{
			AnonymousId: anonymous, UserId: a.UserID, Traits: traits(a.State.Given(), decision),
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("the traits of preferences were not sent: %w", err))
		}
	}
	return errors.Join(failed...)
}

// reported returns what an update of preferences says of s: every category of the policy,
// also for an answer, or a signal, that names none.
func (s *shared) reported(state State) State {
	reported := NewState(maps.Collect(s.decide(state).Categories()))
	if state.AskedByDestination() {
		reported = reported.WithDestinations(maps.Collect(state.Given().Destinations()))
	}
	return reported
}

// plain returns c without what counts only for the application's own messages, and for any
// person.
func (c *Client) plain() *Client {
	d := c.derive()
	d.person, d.anonymous, d.necessary, d.enforced = nil, nil, nil, true
	return d
}

// traits returns the traits with which the Consent Manager identifies a visitor, without names
// that only the visitor has.
func traits(s State, d Decision) analytics.Traits {
	categories, destinations := make(map[string]bool), make(map[string]bool)
	for name := range d.Categories() {
		if choice := s.Category(name); choice != Unknown {
			categories[name] = choice == Granted
		}
	}
	for v := range d.Verdicts() {
		switch choice := s.Destination(v.Destination); {
		case choice == Unknown, v.Reason == ReasonUnlistedDenied, v.Reason == ReasonTooMany:
		default:
			destinations[v.Destination] = choice == Granted
		}
	}
	return analytics.Traits{
		"destinationTrackingPreferences": destinations,
		"customTrackingPreferences":      categories,
	}
}
