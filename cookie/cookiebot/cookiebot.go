// Package cookiebot reads what a visitor answered in the banner of Cookiebot.
//
// # The cookie
//
// CookieConsent, whose name is fixed, holds the answer to four categories: necessary,
// preferences, statistics and marketing.
//
// Visitors who were not asked have the cookie too: in regions where the site asks for no
// consent it has the method "implied" or the stamp "-1", or is just -1, all with every
// category granted. That is no answer. A cookie that is just 0 is from a visitor who
// declined. Cookies from before 2023 have no method, and are answers.
//
// # Answers that are out of date
//
// A site that asks for consent again raises the version in the cookie: answers to an older
// one are refused if Version is set. MaxAge refuses answers by the time in the cookie.
// Only the denials of a refused answer count.
//
// # What it cannot see
//
// Consent that a site takes for several domains at once stays on Cookiebot's servers until
// the visitor comes to this one. If the site uses the IAB's framework, the TC string is
// inside this cookie: [Parse] returns it. The cookie has no GPP string.
//
// Another program, the TYPO3 extension cookieman, has a cookie of the same name. It is not
// a JavaScript object and so an error here.
//
// # Names
//
//	in the cookie  in the banner  category, for example
//	necessary      Necessary      none: its destinations go to Always
//	preferences    Preferences    functional
//	statistics     Statistics     analytics
//	marketing      Marketing      advertising
//
// # Where the rules come from
//
// The readers that Cookiebot publishes for servers, in PHP and C#, and its WordPress
// plugin define the format, 0 and -1. The rest was found in cookies of live sites.
package cookiebot

import (
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// A Source reads the answer from Cookiebot's cookie. The zero Source is ready to use, with
// Cookiebot's names as categories. It may be used by many goroutines at once.
type Source struct {
	// Groups are the site's categories by Cookiebot's names. An unlisted name stays as it
	// is. A category of several names is granted if all of them are.
	Groups map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// Version, if not 0, is the version of the consent that the site asks for now. A
	// grant under a lower one does not count.
	Version int

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	return cookie.Read(r, "CookieConsent", func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil || a.Implied {
			return consent.NewState(nil), err
		}
		state := consent.NewState(cookie.Categories(a.Categories, s.Groups))
		if a.Version < s.Version {
			state = state.Denials()
		}
		state = cookie.Expire(state, a.Given, s.MaxAge, now)
		return cookie.Complete(state, s.Categories), nil
	})
}
