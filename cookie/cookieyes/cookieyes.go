// Package cookieyes reads what a visitor answered in the banner of CookieYes.
//
// # The cookie
//
// cookieyes-consent, whose name is fixed, holds one answer for each category. It is there
// before the visitor answers, with the site's defaults, which are all yes under opt-out
// law: only with action:yes are they a visitor's answers.
//
// # Answers that are out of date
//
// The cookie has no revision and no documented date: a site that wants old answers refused
// has to let CookieYes renew the consent of its visitors, which removes the cookie.
//
// # What it cannot see
//
// The older plugin CookieLawInfo wrote viewed_cookie_policy and a cookie for each category,
// cookielawinfo-checkbox-analytics and so on: read those with the custom package. If the
// site uses the IAB's framework, the TC string is in another cookie, for a Source of the
// tcf package beside this one: a category is then denied if either denies it.
//
// # Names
//
//	in the cookie  in the banner  category, for example
//	necessary      Necessary      none: its destinations go to Always
//	functional     Functional     functional
//	analytics      Analytics      analytics
//	performance    Performance    analytics
//	advertisement  Advertisement  advertising
//	other          Others         a separate one
//
// # Where the rules come from
//
// The template that CookieYes publishes for Google Tag Manager, edgee-cloud's reader of the
// same cookie, and cookies of live sites. That action:no is no answer is inferred from
// those, since the cookie is not documented.
package cookieyes

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

var (
	errPair   = fmt.Errorf("%w: cookieyes-consent is not a list of names and values", cookie.ErrMalformed)
	errAnswer = fmt.Errorf("%w: cookieyes-consent has an answer that is not yes or no", cookie.ErrMalformed)
	errNone   = fmt.Errorf("%w: cookieyes-consent has an answer without a category", cookie.ErrMalformed)
)

// A Source reads the answer from the cookie of CookieYes. The zero Source is ready to use,
// with the names in the cookie as categories. It may be used by many goroutines at once.
type Source struct {
	// Groups are the site's categories by the names in the cookie. An unlisted name stays
	// as it is. A category of several names is granted if all of them are.
	Groups map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return cookie.Read(r, "cookieyes-consent", func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil || !a.Acted {
			return consent.NewState(nil), err
		}
		return cookie.Complete(consent.NewState(cookie.Categories(a.Categories, s.Groups)), s.Categories), nil
	})
}

// An Answer is the content of the cookie.
type Answer struct {
	Acted      bool // the categories are a visitor's answer, and not the site's defaults
	Categories map[string]bool
}

// Parse reads the value of the cookie, encoded or not. A value that is not a list such as
// "action:yes,analytics:no", that has an answer for a category other than yes and no, or an
// answer without a category, is an error that wraps [cookie.ErrMalformed].
func Parse(value string) (Answer, error) {
	a := Answer{Categories: make(map[string]bool)}
	for pair := range strings.SplitSeq(cookie.Unescape(value), ",") {
		key, answer, ok := strings.Cut(pair, ":")
		if !ok || key == "" {
			return Answer{}, errPair
		}
		switch key {
		case "consentid", "consent", "lastRenewedDate":
		case "action":
			a.Acted = answer == "yes"
		default:
			if answer != "yes" && answer != "no" {
				return Answer{}, errAnswer
			}
			before, twice := a.Categories[key]
			a.Categories[key] = answer == "yes" && (before || !twice)
		}
	}
	if a.Acted && len(a.Categories) == 0 {
		return Answer{}, errNone
	}
	return a, nil
}
