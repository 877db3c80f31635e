package preferences

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// Segment is the [Teller] for Segment. It sends two messages.
//
// The first is [consent.UpdateEvent], which leaves whatever the answer is. It has an
// anonymous id of its own if the visitor has none and is not signed in: Segment requires
// one, and one that visitors share would mix their answers. The second is the Identify of
// the Consent Manager, with the traits destinationTrackingPreferences and
// customTrackingPreferences. It leaves only if the visitor is known and the new answer,
// with the Signals on top, opens a destination. An answer that is forgotten has no second
// message, and the first tells what the Policy makes of no answer.
type Segment struct {
	// Client sends the messages. Nil: [consent.ErrNoClient].
	Client *consent.Client

	// AnonymousID returns the anonymous id of the visitor, or "". Nil:
	// [cookie.AnonymousID].
	AnonymousID func(*http.Request) string

	// UserID returns the id of the user who is signed in, or "". Take it from the
	// session and never from a cookie that anybody can set: with a forged one, a
	// visitor would answer for somebody else. Nil: nobody is signed in.
	UserID func(*http.Request) string
}

// Tell implements [Teller].
func (s Segment) Tell(r *http.Request, a Answer) error {
	if s.Client == nil {
		return consent.ErrNoClient
	}
	anonymous, user := s.visitor(r)
	known := anonymous != "" || user != ""
	if !known {
		anonymous = rand.Text()
	}
	// The event reports every category of the policy, so it leaves also for an answer,
	// or a signal, that names none.
	reported := consent.NewState(maps.Collect(a.Decision.Categories()))
	if a.State.AskedByDestination() {
		reported = reported.WithDestinations(maps.Collect(a.State.Destinations()))
	}
	err := s.Client.With(reported).Enqueue(analytics.Track{
		Event: consent.UpdateEvent, AnonymousId: anonymous, UserId: user,
	})
	if err != nil {
		err = fmt.Errorf("the update event: %w", err)
	}
	if !known || a.Forgotten || !opens(a.Decision) {
		return err
	}
	traitsErr := s.Client.With(a.State).Enqueue(analytics.Identify{
		AnonymousId: anonymous, UserId: user, Traits: traits(a.State, a.Decision),
	})
	if traitsErr != nil {
		traitsErr = fmt.Errorf("the traits: %w", traitsErr)
	}
	return errors.Join(err, traitsErr)
}

// visitor returns the ids under which Segment knows the visitor.
func (s Segment) visitor(r *http.Request) (anonymous, user string) {
	if s.AnonymousID != nil {
		anonymous = s.AnonymousID(r)
	} else {
		anonymous = cookie.AnonymousID(r)
	}
	if s.UserID != nil {
		user = s.UserID(r)
	}
	return anonymous, user
}

// traits are those with which the Consent Manager identifies a visitor. Only names of
// the decision go into them: the others are the visitor's own.
func traits(s consent.State, d consent.Decision) analytics.Traits {
	categories, destinations := make(map[string]bool), make(map[string]bool)
	for name := range d.Categories() {
		if choice := s.Category(name); choice != consent.Unknown {
			categories[name] = choice == consent.Granted
		}
	}
	for v := range d.Verdicts() {
		switch choice := s.Destination(v.Destination); {
		case choice == consent.Unknown, v.Reason == consent.ReasonUnlistedDenied, v.Reason == consent.ReasonTooMany:
		default:
			destinations[v.Destination] = choice == consent.Granted
		}
	}
	return analytics.Traits{
		"destinationTrackingPreferences": destinations,
		"customTrackingPreferences":      categories,
	}
}
