// Package tarteaucitron reads what a visitor answered in the banner of tarteaucitron.js.
//
// # The cookie
//
// tarteaucitron, unless the site renamed it with the option cookieName, holds one answer
// for each service that the site has used so far: true or false, or wait if there is none
// yet. On the first page it has wait for every service, which is no answer.
//
// Not every answer in it is a click. The script itself writes true for services that need
// no consent, with the option highPrivacy off for visitors who visit a second page, for
// those it believes to be outside the EU (bypass), and if serviceDefaultState says so; and
// false for a browser with Do Not Track, with handleBrowserDNTRequest. Nothing in the
// cookie tells them apart: a site whose law requires a click should leave highPrivacy on
// and the others off.
//
// # Answers that are out of date
//
// The cookie has neither a date nor a revision. A service that is new since the answer is
// not in it, or waits: with Categories set, its category is denied until the visitor
// answers.
//
// # What it cannot see
//
// A service that is on none of the pages the visitor has seen is not in the cookie at all,
// as if it had wait.
//
// # Names
//
// Services have the keys of tarteaucitron's list, and no categories: each is a category of
// its own name unless Services says otherwise.
//
//	for example                category
//	gajs, gtag, matomo         analytics
//	facebookpixel, googleads   advertising
//	youtube, zopim             functional
//
// # Where the rules come from
//
// The source of tarteaucitronjs 1.34.0, run in a browser.
package tarteaucitron

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

var (
	errList   = fmt.Errorf("%w: the cookie of tarteaucitron is not a list of services", cookie.ErrMalformed)
	errAnswer = fmt.Errorf("%w: the cookie of tarteaucitron has an answer that is not true, false or wait", cookie.ErrMalformed)
)

// A Source reads the answer from the cookie of tarteaucitron. The zero Source is ready to
// use, with the keys of the services as categories. It may be used by many goroutines at
// once.
type Source struct {
	// Services are the site's categories by the key of a service. An unlisted service is a
	// category of its own name. A category of several services is granted if all of them
	// are; a service that waits is not.
	Services map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// Name is the name of the cookie. Empty, it is tarteaucitron.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if every
// service waits for one. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	answers := cookie.Answers{Parse: Parse, Names: s.Services, Categories: s.Categories}
	return answers.Read(r, cmp.Or(s.Name, "tarteaucitron"))
}

// Parse reads the value of the cookie, such as "!gtag=true!youtube=wait", encoded or not:
// the answers by the keys of the services, without those that wait for one. Any other
// value, and one with an answer other than true, false and wait, is an error that wraps
// [cookie.ErrMalformed]. A repeated service is granted only if every entry says so.
func Parse(value string) (map[string]bool, error) {
	list, ok := strings.CutPrefix(cookie.Unescape(value), "!")
	if !ok {
		return nil, errList
	}
	services := make(map[string]bool)
	for entry := range strings.SplitSeq(list, "!") {
		key, answer, ok := strings.Cut(entry, "=")
		if !ok || key == "" {
			return nil, errList
		}
		switch before, twice := services[key]; answer {
		case "true", "false":
			services[key] = answer == "true" && (before || !twice)
		case "wait":
		default:
			return nil, errAnswer
		}
	}
	return services, nil
}
