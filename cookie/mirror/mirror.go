// Package mirror reads what a visitor answered in the banner of a platform that keeps the
// answer where no server can read it: Sourcepoint, Usercentrics, Termly, Osano's product,
// and Klaro and vanilla-cookieconsent in localStorage.
//
// # The cookie
//
// A few lines of script in the page, which [Script] returns for each of these platforms, ask the
// platform and mirror the answer into a first-party cookie, consent-mirror unless the site
// renamed it. It holds, each ended by a colon, the version of the format, the name of the
// platform, the seconds since 1970, and the answers for categories and for vendors, encoded by
// encodeURIComponent:
//
//	1:termly:1764072000:analytics=1&advertising=0::
//
// A script of the site's own can write the same for any other platform. The visitor has answered
// if it has a name; the scripts write no cookie before.
//
// # Unknown answers
//
// Some of these platforms set a cookie that shows that the visitor has answered, but not what:
// Sourcepoint consentUUID and consentDate, Osano osano_consentmanager, which only Osano can
// decrypt. With such a cookie and no mirror, until the script has run, everything is denied with
// [ErrUnmirrored]: the visitor may have refused.
//
// # Answers that are out of date
//
// MaxAge refuses answers by the time at which the script first wrote them; giving the same answer
// again does not renew it. After a change of platforms, an answer of another platform than From
// is out of date too. Only the denials of a refused answer count.
//
// # What it cannot see
//
// An answer on a page without the script, and one in a browser that runs no scripts. Safari
// deletes what scripts have written after seven days, until the script runs again; Termly does
// not say whether a visitor answered, so the script then mirrors only answers that deny
// something. Sourcepoint's and Usercentrics' answers under the IAB's frameworks are TC and GPP
// strings: a page can write those into euconsent-v2 and __gpp for the tcf and gpp packages. What
// a visitor of a US state opted out of at Sourcepoint is only there.
//
// # Names
//
//	platform      categories                                        vendors
//	sourcepoint   ids of purposes, each granted for every vendor    ids listed in consentMirror.vendors
//	usercentrics  ids of services                                   none
//	termly        essential, performance, analytics, advertising,   none
//	              social_networking, unclassified
//	osano         ESSENTIAL, STORAGE, MARKETING, PERSONALIZATION,   none
//	              ANALYTICS; SALE unless OPT_OUT
//	klaro         names of services                                 none
//	orestbida     names of categories                               none
//
// # Where the rules come from
//
// The format is this package's own. The scripts follow the documentation of each platform's
// JavaScript interface and public code that uses it; those of Klaro and vanilla-cookieconsent
// follow their source.
package mirror

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// ErrUnmirrored is the error of a request with a cookie that shows that the visitor has answered,
// but none that shows what. It wraps [cookie.ErrMalformed].
var ErrUnmirrored = fmt.Errorf("%w: the visitor has answered, but no cookie has the answer", cookie.ErrMalformed)

// A Source reads the mirrored answer. The zero Source is ready to use, with the platform's
// ids as categories. It may be used by many goroutines at once.
type Source struct {
	// From is the platform that the site has now, as in "sourcepoint". Empty: any, and then the
	// cookies of all platforms show that a visitor has answered.
	From string

	// Purposes are the site's categories by the platform's ids. An unlisted id is a category of
	// its own name. A category of several ids is granted if all of them are.
	Purposes map[string]string

	// Vendors are the destinations by the id of a vendor. An unlisted one is left out. If a
	// mirror has any, the visitor counts as asked by destination, and destinations without a
	// vendor need ServerOnly or Imply of the destinations package.
	Vendors map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration

	// Name is the name of the cookie. Empty, it is consent-mirror.
	Name string
}

// traces are cookies that show that the visitor has answered, but not what.
var traces = []struct{ platform, cookie string }{
	{"sourcepoint", "consentUUID"},
	{"sourcepoint", "consentDate"},
	{"osano", "osano_consentmanager"},
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if there is none,
// or ErrUnmirrored if another cookie shows that the visitor gave one. Limits, several copies and
// other errors are as [cookie.Read] has them.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	name := cmp.Or(s.Name, "consent-mirror")
	if len(cookie.Values(r, name)) == 0 && s.traced(r) {
		return consent.All(consent.Denied), ErrUnmirrored
	}
	return cookie.Read(r, name, func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		state := consent.NewState(cookie.Categories(a.Categories, s.Purposes)).
			WithDestinations(cookie.Destinations(a.Vendors, s.Vendors))
		if !state.Answered() {
			return consent.All(consent.Denied), errNone
		}
		if s.From != "" && s.From != a.From {
			state = state.Denials()
		}
		return cookie.Complete(cookie.Expire(state, a.Given, s.MaxAge, now), s.Categories), nil
	})
}

// traced reports whether a cookie of the platform shows that the visitor has answered.
func (s Source) traced(r *http.Request) bool {
	for _, trace := range traces {
		if (s.From == "" || s.From == trace.platform) && len(cookie.Values(r, trace.cookie)) > 0 {
			return true
		}
	}
	return false
}
