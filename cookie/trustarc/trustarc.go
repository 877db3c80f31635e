// Package trustarc reads what a visitor answered in the consent manager of TrustArc.
//
// # The cookies
//
// cmapi_cookie_privacy lists the categories that are permitted, from 1, as in "permit
// 1,2,3"; notice_gdpr_prefs lists the same as levels, from 0, as in "0,1,2:". Their names
// are fixed. Either alone is an answer; with both, a category is granted only if both list
// it. notice_behavior and TAsessionID are there before the visitor answers, and are not
// answers. notice_preferences, which has only the highest level, is not read.
//
// A category that the visitor refused is not listed. An unlisted category with a name in
// Groups is denied, and if only category 1 is permitted everything else is. List every
// category of the site in Groups or Categories, or else an opt-out policy allows one that
// was refused while others were accepted.
//
// # Answers that are out of date
//
// The cookies have neither a revision nor a date, so old answers cannot be told from new
// ones.
//
// # What it cannot see
//
// In a region of implied consent, a click and a notice that took silence for an answer
// look alike. If the site uses the IAB's framework, the TC string is in a separate cookie,
// for a Source of the tcf package beside this one: a category is then denied if either
// denies it.
//
// # Names
//
// Sites number their categories as they like; this is TrustArc's usual order.
//
//	in the cookies  in the notice        category, for example
//	1               Required Cookies     none: its destinations go to Always
//	2               Functional Cookies   functional
//	3               Advertising Cookies  advertising
//	4               another one          a separate one
//
// # Where the rules come from
//
// Cookies of live sites, and the rules of autoconsent, which clicks in the notice and
// reads the cookies back. TrustArc does not document the values. That there is no answer
// without one of the two cookies is inferred.
package trustarc

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

var errList = fmt.Errorf("%w: not a list of categories of TrustArc", cookie.ErrMalformed)

var names = []string{"cmapi_cookie_privacy", "notice_gdpr_prefs"}

// A Source reads the answer from TrustArc's cookies. The zero Source is ready to use, with
// the numbers of the categories, as in "2", as their names. It may be used by many
// goroutines at once.
type Source struct {
	// Groups are the site's categories by TrustArc's number. An unlisted number is a
	// category of its own name; a listed one that is not permitted is denied. A category
	// of several numbers is granted if all of them are.
	Groups map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string
}

// Consent returns the answer in the request's cookies, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	state := consent.NewState(nil)
	for _, name := range names {
		answer, err := cookie.Read(r, name, s.decode)
		switch {
		case err != nil:
			return consent.All(consent.Denied), err
		case !state.Answered():
			state = answer
		case answer.Answered():
			state = state.Agree(answer)
		}
	}
	return state, nil
}

func (s Source) decode(value string) (consent.State, error) {
	permitted, err := Parse(value)
	if err != nil {
		return consent.State{}, err
	}
	answers := make(map[string]bool)
	for id := range s.Groups {
		answers[id] = false
	}
	onlyRequired := true
	for _, category := range permitted {
		answers[strconv.Itoa(category)] = true
		onlyRequired = onlyRequired && category == 1
	}
	state := consent.NewState(cookie.Categories(answers, s.Groups))
	if onlyRequired {
		state = state.Or(consent.All(consent.Denied)) // the visitor refused everything
	}
	return cookie.Complete(state, s.Categories), nil
}

// maxCategory limits the numbers of categories. Sites have three or four.
const maxCategory = 99

// Parse returns the categories that are permitted, from 1, in the value of either cookie:
// "permit 1,2,3", "permit 1 required" or "permit_1_required", or levels from 0, as in
// "0,1,2:", which a note such as "::implied,us" may follow; encoded or not. Anything else
// is an error that wraps [cookie.ErrMalformed].
func Parse(value string) ([]int, error) {
	value = strings.NewReplacer("_", " ", "|", ",").Replace(cookie.Unescape(value))
	list, first := "", 1
	if permit, ok := strings.CutPrefix(value, "permit "); ok {
		list = strings.TrimSuffix(permit, " required")
	} else if list, _, ok = strings.Cut(value, ":"); ok {
		first = 0
	} else {
		return nil, errList
	}
	var permitted []int
	for number := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(number)
		if err != nil || n < first || n > maxCategory {
			return nil, errList
		}
		permitted = append(permitted, n-first+1)
	}
	return permitted, nil
}
