// Package didomi reads what a visitor answered in a notice of Didomi.
//
// # The cookies
//
// didomi_token holds the answers for purposes and for vendors, unless the site gave it
// another name with the option didomiTokenCookieName. It is there before the visitor
// answers, without a purpose or a vendor; with one it is an answer.
//
// Newer sites have didomi_dcs instead (didomiConsentStringCookieName), the Didomi Consent
// String. It has numbers for ids, which only the site's own page can look up, with
// Didomi.getPurposeByNumericId and Didomi.getVendorByNumericId: with PurposeIDs it is read,
// and with VendorIDs its vendors are as well. Didomi publishes the fields of the string, but
// not all of how they are written: the header and the two forms of list that a string of a
// live site has are read, and any other is an error that wraps [ErrUnreadable]. So is a
// string without the site's numbers: the visitor has answered, nobody here knows what, and
// all is denied. Where there is a token too, the string counts if it is newer.
//
// # What it cannot see
//
// On a site with the IAB's framework the token holds purposes and vendors of the site's
// own alone. The others are in the TC string of the cookie euconsent-v2 (iabCookieName):
// have a Source of the tcf package beside this one. A category is then open where neither
// denies it. A token that lists vendors alone, as on such a site, says nothing here unless
// Vendors has one. A site with storageSources.cookies off keeps all in localStorage.
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
//	id                                  in the notice                        category
//	cookies                             Store and access information         none: it opens no destination by itself
//	measure_content_performance         Measure content performance          analytics
//	market_research                     Understand audiences                 analytics
//	improve_products                    Develop and improve services         functional
//	create_ads_profile, select_personalized_ads, measure_ad_performance
//	                                    Advertising                          advertising
//	analytics-HpBJrrK7, and its like    a purpose of the site's own          what it is for
//
// # Where the rules come from
//
// Didomi's documentation of its cookies and of the Didomi Consent String
// (https://developers.didomi.io), and cookies of live sites.
package didomi

import (
	"cmp"
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

	// PurposeIDs and VendorIDs are the ids by the numbers that a Didomi Consent String
	// has for them. A number that is not listed is left out.
	PurposeIDs, VendorIDs map[int]string

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
	token, err := cookie.Read(r, cmp.Or(s.TokenName, "didomi_token"), func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil || !a.answered() {
			return consent.NewState(nil), err
		}
		if updated.IsZero() || a.Updated.Before(updated) {
			updated = a.Updated
		}
		return s.state(a, now), nil
	})
	if err != nil {
		return token, err
	}
	newer, err := cookie.Read(r, cmp.Or(s.StringName, "didomi_dcs"), func(value string) (consent.State, error) {
		// The dates of a string are in tenths of a second, those of a token finer.
		_, written, err := parseHeader(value)
		if err != nil || written.Before(updated.Add(time.Second)) {
			return consent.NewState(nil), err
		}
		a, err := ParseString(value, s.PurposeIDs, s.VendorIDs)
		if err != nil {
			return consent.State{}, err
		}
		return s.state(a, now), nil
	})
	if err != nil || newer.Answered() {
		return newer, err
	}
	return token, nil
}

// state is the answer in the names of the site.
func (s Source) state(a Answer, now time.Time) consent.State {
	state := consent.NewState(cookie.Categories(a.Purposes, s.Purposes)).
		WithDestinations(cookie.Destinations(a.Vendors, s.Vendors))
	return cookie.Complete(cookie.Expire(state, a.Updated, s.MaxAge, now), s.Categories)
}
