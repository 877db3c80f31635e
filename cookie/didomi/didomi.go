// Package didomi reads what a visitor answered in a notice of Didomi.
//
// # The cookies
//
// didomi_token holds the answers for purposes and for vendors, unless the site gave it
// another name with the option didomiTokenCookieName. It is there before the visitor
// answers, without a purpose or a vendor; with one it is an answer.
//
// Newer sites have didomi_dcs instead (didomiConsentStringCookieName), the Didomi Consent
// String. This package recognizes it and reads the time of the answer in it, and not the
// answers: Didomi publishes the fields, but not how the lists of purposes and vendors are
// told apart, and their ids are numbers that only the site's own page can look up. A
// visitor with such a string, and no token at least as new, has answered what nobody here
// can read: that is an error that wraps [ErrUnreadable], and denied. Keep the token, or
// have the page mirror the answer into a cookie of its own.
//
// # What it cannot see
//
// On a site with the IAB's framework the token holds purposes and vendors of the site's
// own alone. The others are in the TC string of the cookie euconsent-v2 (iabCookieName):
// have a Source of the tcf package beside this one. A category is then open where neither
// denies it. A site with storageSources.cookies off keeps all in localStorage.
//
// A purpose or vendor to whose legitimate interest the visitor objected is denied unless
// the visitor consented to it; one whose legitimate interest merely stands is no answer.
//
// # Answers that are out of date
//
// The token has no revision, and the time it was last updated: MaxAge refuses by it. Of a
// refused answer the denials stay and the grants go.
//
// # Names
//
// Purposes of the site's own have ids that Didomi's console made; the standard ones, and
// names that a Config of the destinations package may have for them:
//
//	id                                  in the notice                       category
//	cookies                             Store and access information        none: it opens no destination by itself
//	measure_content_performance         Measure content performance         analytics
//	market_research                     Understand audiences                analytics
//	improve_products                    Develop and improve services        functional
//	create_ads_profile, select_personalized_ads, measure_ad_performance
//	                                    Advertising                         advertising
//	analytics-HpBJrrK7, and its like    a purpose of the site's own         what it is for
//
// # Where the rules come from
//
// Didomi's documentation of its cookies and of the Didomi Consent String
// (https://developers.didomi.io), and cookies of live sites.
package didomi

import (
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// A Source reads the answer from Didomi's cookies. The zero Source is ready to use, with
// the ids of the purposes as categories. It may be used by many goroutines at once.
type Source struct {
	// Purposes are the site's categories by the id of a purpose. A purpose that is not
	// listed is a category of its own name. A category of several purposes is granted
	// if all of them are.
	Purposes map[string]string

	// Vendors are the destinations by the id of a vendor, as in "google" or
	// "c:hotjar-Xy12". One that is not listed is left out. If a site has any, the
	// visitor was asked by destination, and destinations without a vendor need
	// ServerOnly or Imply of the destinations package.
	Vendors map[string]string

	// Categories are all that the site has: one that an answer leaves out is denied.
	Categories []string

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration

	// TokenName and StringName are the names of the cookies. Empty, they are
	// didomi_token and didomi_dcs.
	TokenName, StringName string
}

// Consent returns the answer in the request's cookies, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are as [cookie.Read] has them.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	var updated time.Time // of the oldest token
	state, err := cookie.Read(r, named(s.TokenName, "didomi_token"), func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil || !a.answered() {
			return consent.NewState(nil), err
		}
		if updated.IsZero() || a.Updated.Before(updated) {
			updated = a.Updated
		}
		state := consent.NewState(cookie.Categories(a.Purposes, s.Purposes)).
			WithDestinations(cookie.Destinations(a.Vendors, s.Vendors))
		return cookie.Complete(cookie.Expire(state, a.Updated, s.MaxAge, now), s.Categories), nil
	})
	if err != nil {
		return state, err
	}
	// A string that is newer than the token has an answer that the token has not.
	_, err = cookie.Read(r, named(s.StringName, "didomi_dcs"), func(value string) (consent.State, error) {
		written, err := parseString(value)
		if err == nil && written.After(updated.Add(time.Second)) {
			err = ErrUnreadable
		}
		return consent.NewState(nil), err
	})
	if err != nil {
		return consent.All(consent.Denied), err
	}
	return state, nil
}

func named(name, standard string) string {
	if name == "" {
		return standard
	}
	return name
}
