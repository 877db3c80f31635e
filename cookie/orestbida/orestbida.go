// Package orestbida reads what a visitor answered in the banner of Orest Bida, the npm
// package vanilla-cookieconsent, versions 2 and 3.
//
// # The cookie
//
// cc_cookie, unless the site renamed it with the option cookie.name (version 2:
// cookie_name), lists the categories that the visitor accepted, as JSON: version 3 encoded
// by encodeURIComponent, version 2 raw, unless use_rfc_cookie is set. It is written only
// when the visitor answers, in every mode; without an id of the answer, consentId in
// version 3 and consent_uuid in version 2, the script asks again, and the cookie is an
// error here.
//
// Categories that the visitor rejected are not in the list. Version 3 also names every
// category of the site, with their services; for version 2, set Categories.
//
// Version 2 does not escape a ";" in the site's own data, which truncates the cookie
// there. That is an error.
//
// # Answers that are out of date
//
// A site that asks again raises the option revision: with Revision set, only the denials
// of an answer under another one count. MaxAge refuses answers by the time of the last
// one.
//
// # What it cannot see
//
// With the option cookie.useLocalStorage there is no cookie: a page can mirror the answer
// into one for the mirror package.
//
// # Names
//
// Categories and services have the names that the site gave them. Version 3 can ask for
// each service of a category, and any accepted service accepts the category: a site that
// asks like this needs Vendors, since a rejected service is not in the cookie.
//
//	for example  category
//	necessary    none: its destinations go to Always
//	analytics    analytics
//	ads          advertising
//
// # Where the rules come from
//
// The code of vanilla-cookieconsent 2.9.2 and 3.1.0, run in a browser.
package orestbida

import (
	"cmp"
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// A Source reads the answer from the banner's cookie. The zero Source is ready to use,
// with the names in the cookie as categories. It may be used by many goroutines at once.
type Source struct {
	// Groups are the site's categories by the names in the cookie. An unlisted name stays
	// as it is. A category of several names is granted if all of them are.
	Groups map[string]string

	// Vendors are the destinations by the name of a service of version 3. One whose
	// service is not in the answer is denied. If there are any, the visitor counts as
	// asked by destination, and destinations without a service need ServerOnly or Imply of
	// the destinations package.
	Vendors map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// Revision, if not 0, is the revision of the consent that the site asks for now. A
	// grant under another does not count.
	Revision int

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration

	// Name is the name of the cookie. Empty, it is cc_cookie.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	return cookie.Read(r, cmp.Or(s.Name, "cc_cookie"), func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil {
			return consent.NewState(nil), err
		}
		state := consent.NewState(cookie.Categories(a.Categories, s.Groups)).
			WithDestinations(cookie.Destinations(s.services(a), s.Vendors))
		// First of all, since in version 2 a missing name was rejected.
		state = cookie.Complete(state, s.Categories)
		if s.Revision != 0 && s.Revision != a.Revision {
			state = state.Denials()
		}
		state = cookie.Expire(state, a.Given, s.MaxAge, now)
		if !state.Answered() && len(a.Categories) == 0 {
			return consent.All(consent.Denied), errNone
		}
		return state, nil
	})
}

// services returns the answer for each service that the site has a destination for.
func (s Source) services(a Answer) map[string]bool {
	services := make(map[string]bool, len(s.Vendors))
	for id := range s.Vendors {
		services[id] = a.Services[id]
	}
	return services
}
