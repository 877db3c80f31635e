// Package didomi reads what a visitor answered in a notice of Didomi.
//
// # The cookies
//
// didomi_token holds the answers for purposes and for vendors, unless the site renamed it with
// the option didomiTokenCookieName. It is there before the visitor answers; it is an answer once
// it has a purpose or a vendor.
//
// Newer sites have didomi_dcs instead (didomiConsentStringCookieName), the Didomi Consent String.
// It has numbers instead of ids, which only the site's own page can look up, with
// Didomi.getPurposeByNumericId and Didomi.getVendorByNumericId: it is read if PurposeIDs are set,
// and its vendors if VendorIDs are too. Didomi publishes the fields of the string, but not their
// whole encoding: the header and the two forms of list found in a string of a live site are read,
// and any other is an error that wraps [ErrUnreadable]. So is a string without the site's
// numbers: the visitor has answered, but the answer is unknown, and everything is denied. If
// there is a token too, the string counts if it is newer.
//
// # What it cannot see
//
// On a site with the IAB's framework the token holds only the site's own purposes and vendors.
// The others are in the TC string of the cookie euconsent-v2 (iabCookieName): add a Source of the
// tcf package. A category is then denied if either denies it. A token that lists only vendors, as
// on such a site, is no answer unless Vendors has one of them. A site with storageSources.cookies
// off stores everything in localStorage.
//
// A purpose or vendor to whose legitimate interest the visitor objected is denied unless the
// visitor consented to it; without an objection, legitimate interest alone is no answer.
//
// # Answers that are out of date
//
// The token has no revision, but the time of its last update: MaxAge refuses answers by it. Only
// the denials of a refused answer count.
//
// # Names
//
// The site's own purposes have ids from Didomi's console. These are the standard ones, with names
// that a destinations.Config may use for them:
//
//	id                                  in the notice                        category
//	cookies                             Store and access information         none: it allows no destination by itself
//	measure_content_performance         Measure content performance          analytics
//	market_research                     Understand audiences                 analytics
//	improve_products                    Develop and improve services         functional
//	create_ads_profile, select_personalized_ads, measure_ad_performance
//	                                    Advertising                          advertising
//	analytics-HpBJrrK7, for example     a purpose of the site's own          what it is for
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
	// Purposes are the site's categories by the id of a purpose. An unlisted purpose is a
	// category of its own name. A category of several purposes is granted if all of them are.
	Purposes map[string]string

	// Vendors are the destinations by the id of a vendor, as in "google" or "c:hotjar-Xy12". An
	// unlisted one is left out. If there are any, the visitor counts as asked by destination, and
	// destinations without a vendor need ServerOnly or Imply of the destinations package.
	Vendors map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration

	// PurposeIDs and VendorIDs are the ids by their numbers in a Didomi Consent String. An
	// unlisted number is left out.
	PurposeIDs, VendorIDs map[int]string

	// TokenName and StringName are the names of the cookies. Empty, they are
	// didomi_token and didomi_dcs.
	TokenName, StringName string
}

// Consent returns the answer in the request's cookies, or consent.NewState(nil) if the visitor
// gave none. Limits, several copies and errors are those of [cookie.Read].
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

// state returns the answer under the site's names.
func (s Source) state(a Answer, now time.Time) consent.State {
	state := consent.NewState(cookie.Categories(a.Purposes, s.Purposes)).
		WithDestinations(cookie.Destinations(a.Vendors, s.Vendors))
	return cookie.Complete(cookie.Expire(state, a.Updated, s.MaxAge, now), s.Categories)
}
