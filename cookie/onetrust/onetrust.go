// Package onetrust reads what a visitor answered in the banner of OneTrust.
//
// # The cookies
//
// OptanonConsent holds one answer for each cookie group, and for the hosts and vendors
// of a site that lists them; OptanonAlertBoxClosed holds the time at which the visitor
// answered. Their names are fixed.
//
// OptanonConsent alone is no answer: the banner writes it on the first page, with the
// defaults of the site's region, which in opt-out regions are all granted. Only with
// OptanonAlertBoxClosed are they the visitor's answers. Its interactionCount proves nothing
// either way.
//
// # Answers that are out of date
//
// A site that republishes its categories can have its visitors asked again; until they
// answer, the cookie says AwaitingReconsent=true and keeps the old answer. That is read like
// any other unless RefuseOutdated is set. MaxAge refuses answers by the time of
// OptanonAlertBoxClosed. Only the denials of a refused answer count.
//
// # What it cannot see
//
// A denial that the banner itself applied for a browser with Global Privacy Control, without
// a click, has no OptanonAlertBoxClosed and is no answer here: add middleware.GPC to the
// Signals. The answers for vendors of the IAB's frameworks are in other cookies: a TC string
// in eupubconsent-v2, a GPP string in OTGPPConsent. Add Sources of the tcf and gpp packages
// for them; a category is then denied if any of them denies it.
//
// # Names
//
// The ids are the site's own; these are the defaults of OneTrust's templates, with names that
// a [destinations.Config] may use for them:
//
//	id     in the banner                category
//	C0001  Strictly Necessary Cookies   none: its destinations go to Always
//	C0002  Performance Cookies          analytics
//	C0003  Functional Cookies           functional
//	C0004  Targeting Cookies            advertising
//	C0005  Social Media Cookies         advertising, on a site that has them
//
// A site with Segment's analytics-consent-wrapper-onetrust has the ids themselves as
// categories: then leave Groups empty.
//
// # Where the rules come from
//
// The test for an answer follows @segment/analytics-consent-wrapper-onetrust, which calls
// OneTrust.IsAlertBoxClosed, and OneTrust's own list of the cookies that its banner sets. The
// rest was found in more than forty cookies of live sites.
//
// [destinations.Config]: https://pkg.go.dev/github.com/go-consent/segment/destinations#Config
package onetrust

import (
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// maxCopies limits the copies of OptanonAlertBoxClosed, as cookie.Read does for others.
const maxCopies = 8

// A Source reads the answer from OneTrust's cookies. The zero Source is ready to use,
// with the ids of the groups as categories. It may be used by many goroutines at once.
type Source struct {
	// Groups are the site's categories by the id of a group. An unlisted group is a category
	// of its own name. A category of several groups is granted if all of them are: list no
	// group that the site's banner does not have.
	Groups map[string]string

	// Vendors are the destinations by the id of a host or vendor, as in "H68". An unlisted
	// one is left out. If there are any, the visitor counts as asked by destination, and
	// destinations without a vendor need ServerOnly or Imply of the destinations package.
	Vendors map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration

	// RefuseOutdated drops the grants of an answer that the banner is about to ask for again.
	RefuseOutdated bool
}

// Consent returns the answer in the request's cookies, or consent.NewState(nil) if the
// visitor has not answered the banner. Limits, several copies and errors are those of
// [cookie.Read]. An answer whose OptanonConsent is missing or has no group is an error too.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	given, closed, err := alertBoxClosed(r)
	switch {
	case err != nil:
		return consent.All(consent.Denied), err
	case !closed:
		return consent.NewState(nil), nil
	}
	state, err := cookie.Read(r, "OptanonConsent", func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil {
			return consent.State{}, err
		}
		state := consent.NewState(cookie.Categories(a.Groups, s.Groups)).
			WithDestinations(cookie.Destinations(a.Vendors, s.Vendors))
		if s.RefuseOutdated && a.AwaitingReconsent {
			state = state.Denials()
		}
		state = cookie.Expire(state, given, s.MaxAge, now)
		return cookie.Complete(state, s.Categories), nil
	})
	if err == nil && len(cookie.Values(r, "OptanonConsent")) == 0 {
		return consent.All(consent.Denied), errGroups
	}
	return state, err
}

// alertBoxClosed reports whether the visitor answered, and when, or the zero Time if that is
// unknown. Of several copies, the oldest time counts.
func alertBoxClosed(r *http.Request) (given time.Time, closed bool, err error) {
	values := cookie.Values(r, "OptanonAlertBoxClosed")
	if len(values) > maxCopies {
		return time.Time{}, false, errClosed
	}
	dated := true
	for _, value := range values {
		if value == "" {
			return time.Time{}, false, errClosed
		}
		date, err := time.Parse(time.RFC3339, cookie.Unescape(value))
		dated = dated && err == nil
		if given.IsZero() || date.Before(given) {
			given = date
		}
	}
	if !dated {
		given = time.Time{}
	}
	return given, len(values) > 0, nil
}
