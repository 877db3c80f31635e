// Package klaro reads what a visitor answered in the banner of Klaro.
//
// # The cookie
//
// klaro, unless the site renamed it with the option storageName or cookieName, holds one
// answer for each service, as JSON encoded by encodeURIComponent. Klaro writes it only
// when the visitor answers, so any cookie is an answer. Required services are granted
// whatever the visitor answers.
//
// # Answers that are out of date
//
// The cookie has neither a date nor a revision. Klaro asks again when the site has a
// service that the cookie lacks, and until then treats no service as granted. A server
// cannot know that without the list: with Asked set, only the denials of an answer that
// lacks a service count.
//
// # What it cannot see
//
// With the option storageMethod "localStorage" or "sessionStorage" there is no cookie: a
// page can mirror the answer into one for the mirror package.
//
// # Names
//
// Services have the names that the site gave them. Their purposes are only in the site's
// configuration: each service is a category of its own name unless Services says
// otherwise.
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
	// Services are the site's categories by the name of a service. An unlisted service is
	// a category of its own name. A category of several services is granted if all of them
	// are.
	Services map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// Asked, if not empty, are the names of all services that the site asks about now. The
	// grants of an answer that lacks one do not count.
	Asked []string

	// Name is the name of the cookie. Empty, it is klaro.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	answers := cookie.Answers{Parse: Parse, Names: s.Services, Categories: s.Categories, Asked: s.Asked}
	return answers.Read(r, cmp.Or(s.Name, "klaro"))
}

// Parse reads the value of the cookie, encoded or not, and returns the answers by the
// names of the services. A value that is not a JSON object, has an answer other than true
// and false (null is false), or has no service, is an error that wraps
// [cookie.ErrMalformed].
func Parse(value string) (map[string]bool, error) { return cookie.ParseAnswers(value) }
