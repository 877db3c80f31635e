// Package klaro reads what a visitor answered in the banner of Klaro.
//
// # The cookie
//
// klaro, unless the site gave it another name with the option storageName or cookieName,
// holds one answer for each service, as JSON in encodeURIComponent. Klaro writes it when
// the visitor answers and not before, so that any cookie is an answer. Required services
// are granted whatever the visitor answers.
//
// # Answers that are out of date
//
// The cookie has neither a date nor a revision. Klaro asks again when the site has a
// service that the cookie lacks, and until then takes no service for granted. A server
// cannot know that without the list: with Asked set, of an answer that lacks a service
// the denials stay and the grants go.
//
// # What it cannot see
//
// With the option storageMethod "localStorage" or "sessionStorage" there is no cookie: a
// page can mirror the answer into one for the mirror package.
//
// # Names
//
// Services have the names that the site gave them. Their purposes are in the site's
// configuration alone: each service becomes a category of its own name unless Services
// says otherwise.
//
//	for example       category
//	google-analytics  analytics
//	matomo            analytics
//	youtube           functional
//	facebook-pixel    advertising
//
// # Where the rules come from
//
// The source of klaro 0.7.22 (src/consent-manager.js), run in a browser.
package klaro

import (
	"cmp"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// A Source reads the answer from Klaro's cookie. The zero Source is ready to use, with the
// names of the services as categories. It may be used by many goroutines at once.
type Source struct {
	// Services are the site's categories by the name of a service. A service that is
	// not listed is a category of its own name. A category of several services is
	// granted if all of them are.
	Services map[string]string

	// Categories are all that the site has: one that an answer leaves out is denied.
	Categories []string

	// Asked, if not empty, are the names of all services that the site asks about now. The
	// grants of an answer that lacks one do not count.
	Asked []string

	// Name is the name of the cookie. Empty, it is klaro.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are as [cookie.Read] has them.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	answers := cookie.Answers{Parse: Parse, Names: s.Services, Categories: s.Categories, Asked: s.Asked}
	return answers.Read(r, cmp.Or(s.Name, "klaro"))
}

// Parse reads the value of the cookie, encoded or not: the answers by the names of the
// services. One that is no JSON object, has an answer other than true and false (null is
// false), or has no service, is an error that wraps [cookie.ErrMalformed].
func Parse(value string) (map[string]bool, error) { return cookie.ParseAnswers(value) }
