// Package axeptio reads what a visitor answered in the widget of Axeptio.
//
// # The cookie
//
// axeptio_cookies, unless the site renamed it with the option jsonCookieName, holds one
// answer for each service, which Axeptio calls a vendor, as JSON in one of two
// percent-encodings. It is there before the visitor answers, with $$completed false, and
// is an answer once that is true. Keys that begin with $$ are not services.
//
// # Answers that are out of date
//
// MaxAge refuses answers by the date in the cookie, Version by the name or identifier of
// the configuration that the visitor was shown ($$cookiesVersion). Only the denials of a
// refused answer count.
//
// # What it cannot see
//
// The lists in axeptio_authorized_vendors and axeptio_all_vendors repeat what is in this
// cookie, and are not read. Axeptio's product for publishers, on the IAB's framework,
// keeps its TC string only in localStorage: a page can mirror it into a cookie for the
// tcf package.
//
// # Names
//
// Services have the names that the site gave them, and no categories: each is a category
// of its own name unless Services says otherwise.
//
//	for example         category
//	google_analytics    analytics
//	ContentSquare       analytics
//	facebook_pixel      advertising
//	Double_Click, Bing  advertising
//	SnapEngage          functional
//
// # Where the rules come from
//
// Axeptio's documentation for developers (https://developers.axept.io), and cookies of
// live sites.
package axeptio

import (
	"cmp"
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// A Source reads the answer from Axeptio's cookie. The zero Source is ready to use, with
// the services as categories. It may be used by many goroutines at once.
type Source struct {
	// Services are the site's categories by the name of a service. An unlisted service
	// is a category of its own name. A category of several services is granted if all of
	// them are.
	Services map[string]string

	// Categories are all categories of the site: one that an answer leaves out is
	// denied.
	Categories []string

	// Version, if not empty, is the name or the identifier of the configuration that the
	// site shows now. A grant under another does not count.
	Version string

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration

	// Name is the name of the cookie. Empty, it is axeptio_cookies.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	return cookie.Read(r, cmp.Or(s.Name, "axeptio_cookies"), func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil || !a.Completed {
			return consent.NewState(nil), err
		}
		state := consent.NewState(cookie.Categories(a.Services, s.Services))
		if s.Version != "" && s.Version != a.VersionName && s.Version != a.VersionID {
			state = state.Denials()
		}
		state = cookie.Expire(state, a.Given, s.MaxAge, now)
		return cookie.Complete(state, s.Categories), nil
	})
}
