// Package iubenda reads what a visitor answered in the banner of iubenda.
//
// # The cookies
//
// A cookie named _iub_cs- and the number of the site's cookie policy, with or without an
// "s" before the number, holds the answer as JSON: one for each purpose that the site uses,
// or, if the site does not ask for each purpose, a single one for all. Before the visitor
// answers, the cookie has only an id, and is no answer.
//
// A site with several languages has several policies, and a cookie for each that the
// visitor answered. All are read, and a denial in one of them counts, unless PolicyID names
// the only one to read. _iub_cs-, the number and "-granular" or "-uspr" are other cookies.
//
// # Answers that are out of date
//
// The cookie has a date, but no revision of the policy: MaxAge refuses answers by the date.
// Only the denials of a refused answer count.
//
// # What it cannot see
//
// What a visitor of a US state opted out of is in the cookie with "-uspr" and in a GPP
// string: add a Source of the gpp package. iubenda's cookie usprivacy is JSON, not a US
// Privacy string. If the site uses the IAB's framework, the TC string is in euconsent-v2,
// for a Source of the tcf package. A category is then denied if any of them denies it.
//
// # Names
//
//	in the cookie  in the banner          category, for example
//	1              Necessary              none: its destinations go to Always
//	2              Functionality          functional
//	3              Experience             functional
//	4              Measurement            analytics
//	5              Marketing              advertising
//	all            one answer for all     the site's only one
//
// A "no" in one answer for all denies every category and destination, whatever its name.
//
// # Where the rules come from
//
// iubenda's PHP class for servers, version 4.1.16, and cookies of live sites.
package iubenda

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// All is the name of the answer of a site that does not ask for each purpose.
const All = "all"

// A Source reads the answer from iubenda's cookies. The zero Source is ready to use, with
// the numbers of the purposes as categories. It may be used by many goroutines at once.
type Source struct {
	// Purposes are the site's categories by the number of a purpose, as in "4", or by All.
	// An unlisted purpose is a category of its own name. A category of several purposes is
	// granted if all of them are.
	Purposes map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// MaxAge, if not 0, is how long a grant counts.
	MaxAge time.Duration

	// PolicyID, if not empty, is the number of the only cookie policy to read, with the
	// "s" if it has one.
	PolicyID string
}

// maxPolicies limits the cookies of different policies in a request.
const maxPolicies = 8

// Consent returns the answer in the request's cookies, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are as [cookie.Read] has them;
// cookies of more than 8 policies are an error too.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	names, err := s.names(r)
	if err != nil {
		return consent.All(consent.Denied), err
	}
	state := consent.NewState(nil)
	for _, name := range names {
		answer, err := cookie.Read(r, name, func(value string) (consent.State, error) {
			return s.decode(value, now)
		})
		if err != nil {
			return consent.All(consent.Denied), err
		}
		state = state.Restrict(answer)
	}
	return state, nil
}

func (s Source) decode(value string, now time.Time) (consent.State, error) {
	a, err := Parse(value)
	if err != nil || len(a.Purposes) == 0 {
		return consent.NewState(nil), err
	}
	state := consent.NewState(cookie.Categories(a.Purposes, s.Purposes))
	if granted, single := a.Purposes[All]; single && !granted {
		state = state.Or(consent.All(consent.Denied)) // the visitor refused everything
	}
	return cookie.Complete(cookie.Expire(state, a.Given, s.MaxAge, now), s.Categories), nil
}

// names returns the names of the cookies to read.
func (s Source) names(r *http.Request) (names []string, err error) {
	const prefix = "_iub_cs-"
	if s.PolicyID != "" {
		return []string{prefix + s.PolicyID}, nil
	}
	for name := range cookie.Pairs(r) {
		id, ok := strings.CutPrefix(name, prefix)
		if !ok || !isPolicy(id) || slices.Contains(names, name) {
			continue
		}
		if len(names) == maxPolicies {
			return nil, errPolicies
		}
		names = append(names, name)
	}
	return names, nil
}

func isPolicy(id string) bool {
	id = strings.TrimPrefix(id, "s")
	return id != "" && strings.Trim(id, "0123456789") == ""
}
