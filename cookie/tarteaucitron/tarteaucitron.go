// Package tarteaucitron reads what a visitor answered in the banner of tarteaucitron.js.
//
// # The cookie
//
// tarteaucitron, unless the site gave it another name with the option cookieName, holds
// one answer for each service that the site has used so far: true, false, or wait, which
// is none. It is there on the first page, with wait for every service, and that is no
// answer.
//
// Not every answer in it is a click. The script itself writes true for services that need
// no consent, with the option highPrivacy off for visitors who go on to a second page, for
// those it takes to be outside the EU (bypass), and where serviceDefaultState says so; and
// false for a browser with Do Not Track, with handleBrowserDNTRequest. Nothing in the
// cookie tells them apart: a site whose law wants a click leaves highPrivacy on and the
// others off.
//
// # Answers that are out of date
//
// The cookie has neither a date nor a revision. A service that is new since the answer is
// not in it, or waits: with Categories set, its category is denied until the visitor
// answers.
//
// # What it cannot see
//
// A service that the site added to no page yet that the visitor has seen is not in the
// cookie at all: it is as if it waited.
//
// # Names
//
// Services have the keys of tarteaucitron's list, and no categories: each becomes a
// category of its own name unless Services says otherwise.
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
	errList   = fmt.Errorf("%w: the cookie of tarteaucitron is no list of services", cookie.ErrMalformed)
	errAnswer = fmt.Errorf("%w: the cookie of tarteaucitron has an answer that is not true, false or wait", cookie.ErrMalformed)
)

// A Source reads the answer from the cookie of tarteaucitron. The zero Source is ready to
// use, with the keys of the services as categories. It may be used by many goroutines at
// once.
type Source struct {
	// Services are the site's categories by the key of a service. A service that is not
	// listed is a category of its own name. A category of several services is granted if
	// all of them are; a service that waits is not.
	Services map[string]string

	// Categories are all that the site has: one that an answer leaves out is denied.
	Categories []string

	// Name is the name of the cookie. Empty, it is tarteaucitron.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if every
// service waits for one. Limits, several copies and errors are as [cookie.Read] has them.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	answers := cookie.Answers{Parse: Parse, Names: s.Services, Categories: s.Categories}
	return answers.Read(r, cmp.Or(s.Name, "tarteaucitron"))
}

// Parse reads the value of the cookie, such as "!gtag=true!youtube=wait", encoded or not:
// the answers by the keys of the services, without those that wait for one. A value that
// is no such list, or has an answer other than true, false and wait, is an error that
// wraps [cookie.ErrMalformed]. A service that stands in it twice is granted if both say so.
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
