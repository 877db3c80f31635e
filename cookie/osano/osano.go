// Package osano reads what a visitor answered in the open-source banner of Osano, the
// npm package cookieconsent.
//
// # The cookie
//
// cookieconsent_status, unless the site renamed it with the option cookie.name, holds one
// word once the visitor has answered, for everything the site asks about: allow, deny or
// dismiss.
//
// What dismiss means depends on the banner. The informational one, the default, has one
// button, which writes it: the visitor was not asked, but the script takes it as consent. Up
// to version 3.0 the button "Decline" of the opt-in banner writes it too. It is read as
// deny, unless Info says that the site has only the informational banner: then it is no
// answer, and the policy or the Default decides as for any visitor who was not asked.
//
// # Answers that are out of date
//
// The cookie has neither a date nor a revision: a site that wants old answers refused
// renames it.
//
// # What it cannot see
//
// Osano's current product is a different one, whose cookie osano_consentmanager only Osano
// can read: see the mirror package.
//
// # Names
//
// The answer is for one category, [All], unless Grants lists the site's. A deny denies every
// category and destination, whatever its name.
//
//	in the cookie  category
//	allow          those of Grants are granted
//	deny, dismiss  every one is denied
//
// # Where the rules come from
//
// The source of cookieconsent 3.0.6 and 3.1.1, run in a browser.
package osano

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// All is the name of the one category of a site that lists none.
const All = "all"

var errStatus = fmt.Errorf("%w: cookieconsent_status is not allow, deny or dismiss", cookie.ErrMalformed)

// A Source reads the answer from the cookie of the banner. The zero Source is ready to
// use. It may be used by many goroutines at once.
type Source struct {
	// Grants are the site's categories that the banner asks about: allow grants each of
	// them. Empty, it is only All.
	Grants []string

	// Categories are all that the site has: one that is not among Grants is denied once
	// the visitor has answered.
	Categories []string

	// Info is set if the site has the informational banner, and no other: dismiss is then
	// no answer.
	Info bool

	// Name is the name of the cookie. Empty, it is cookieconsent_status.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return cookie.Read(r, cmp.Or(s.Name, "cookieconsent_status"), func(value string) (consent.State, error) {
		status, err := Parse(value)
		if err != nil || status == Dismiss && s.Info {
			return consent.NewState(nil), err
		}
		grants := s.Grants
		if len(grants) == 0 {
			grants = []string{All}
		}
		answers := make(map[string]bool, len(grants))
		for _, category := range grants {
			answers[category] = status == Allow
		}
		state := consent.NewState(answers)
		if status != Allow {
			return state.Or(consent.All(consent.Denied)), nil // the visitor refused everything
		}
		return cookie.Complete(state, s.Categories), nil
	})
}

// A Status is a value of the cookie.
type Status string

// The values of the cookie.
const (
	Allow   Status = "allow"
	Deny    Status = "deny"
	Dismiss Status = "dismiss"
)

// Parse reads the value of the cookie. Any other than allow, deny and dismiss is an error
// that wraps [cookie.ErrMalformed].
func Parse(value string) (Status, error) {
	switch status := Status(cookie.Unescape(value)); status {
	case Allow, Deny, Dismiss:
		return status, nil
	default:
		return "", errStatus
	}
}
