package middleware

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// tell tells Segment of a visitor's new answer.
func (p Preferences) tell(r *http.Request, state consent.State) {
	if p.Client == nil {
		p.report(r, fmt.Errorf("middleware: the update of preferences was not sent: %w", consent.ErrNoClient))
		return
	}
	effective := p.effective(r, state)
	decision := p.Policy.Decide(effective)
	anonymous, user := p.visitor(r)
	known := anonymous != "" || user != ""
	if !known {
		anonymous = rand.Text()
	}
	// The event reports every category of the policy, so it leaves also for an answer,
	// or a signal, that names none.
	reported := consent.NewState(maps.Collect(decision.Categories()))
	if effective.AskedByDestination() {
		reported = reported.WithDestinations(maps.Collect(effective.Destinations()))
	}
	err := p.Client.With(reported).Enqueue(analytics.Track{
		Event: consent.UpdateEvent, AnonymousId: anonymous, UserId: user,
	})
	if err != nil {
		p.report(r, fmt.Errorf("middleware: the update of preferences was not sent: %w", err))
	}
	if !known || state == consent.NewState(nil) || !opens(decision) {
		return
	}
	err = p.Client.With(effective).Enqueue(analytics.Identify{
		AnonymousId: anonymous, UserId: user, Traits: traits(effective, decision),
	})
	if err != nil {
		p.report(r, fmt.Errorf("middleware: the traits of preferences were not sent: %w", err))
	}
}

// visitor returns the ids under which Segment knows the visitor.
func (p Preferences) visitor(r *http.Request) (anonymous, user string) {
	if p.AnonymousID != nil {
		anonymous = p.AnonymousID(r)
	} else {
		anonymous = cookie.AnonymousID(r)
	}
	if p.UserID != nil {
		user = p.UserID(r)
	}
	return anonymous, user
}

// forgetIdentity expires the visitor's ids if the answer calls for it.
func (p Preferences) forgetIdentity(w http.ResponseWriter, r *http.Request, held, state consent.State) {
	if !p.ForgetIdentity {
		return
	}
	if after := p.decide(r, state); !opens(after) || narrows(p.decide(r, held), after) {
		cookie.ForgetIdentity(w, r)
	}
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

// opens reports whether a message leaves for a destination that needs consent.
func opens(d consent.Decision) bool {
	if d.Withheld() != "" {
		return false
	}
	for v := range d.Verdicts() {
		if v.Allowed && v.Reason != consent.ReasonAlways {
			return true
		}
	}
	return d.Unlisted()
}

// narrows reports whether anything that is open before is closed after.
func narrows(before, after consent.Decision) bool {
	for v := range before.Verdicts() {
		if v.Allowed && !after.Allows(v.Destination) {
			return true
		}
	}
	closed := make(map[string]bool)
	for name, granted := range after.Categories() {
		closed[name] = !granted
	}
	for name, granted := range before.Categories() {
		if granted && closed[name] {
			return true
		}
	}
	return before.Unlisted() && !after.Unlisted()
}
