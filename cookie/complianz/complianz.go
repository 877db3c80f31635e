// Package complianz reads what a visitor answered in the banner of the WordPress plugin
// Complianz.
//
// # The cookies
//
// cmplz_banner-status is "dismissed" once the visitor has answered, and one cookie for
// each category then says "allow" or "deny": cmplz_functional, cmplz_preferences,
// cmplz_statistics, cmplz_statistics-anonymous and cmplz_marketing.
// cmplz_consented_services holds services that the visitor allowed or denied one by one,
// as JSON. On the main site of a WordPress multisite the names begin with cmplz_rt_; both
// prefixes are read unless Prefix is set.
//
// cmplz_saved_categories and cmplz_saved_services are not read: the plugin also writes
// them without an answer, in opt-out regions with all categories.
//
// # Answers that are out of date
//
// When the site's cookie policy changes, the plugin's script resets the cookies to "deny"
// and shows the banner again, but only on the visitor's next page: PolicyID refuses
// answers to another policy until then. Only the denials of a refused answer count. The
// answers have no date.
//
// # What it cannot see
//
// In opt-out regions the plugin treats a category without a cookie as granted. Here it is
// no answer, which an opt-out policy allows as well. A service that the visitor allowed on
// a page stays denied as long as its category is.
//
// # Names
//
//	in the cookies        in the banner  category, for example
//	functional            Functional     none: its destinations go to Always
//	preferences           Preferences    functional
//	statistics            Statistics     analytics
//	statistics-anonymous  Statistics     a separate one
//	marketing             Marketing      advertising
//
// # Where the rules come from
//
// The source code of the plugin, of 2026-06-17, and its script, run.
package complianz

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

var (
	errStatus   = fmt.Errorf("%w: an unknown status of the banner of Complianz", cookie.ErrMalformed)
	errAnswer   = fmt.Errorf("%w: a category of Complianz with an unknown answer", cookie.ErrMalformed)
	errServices = fmt.Errorf("%w: the services of Complianz are not a JSON object of true and false", cookie.ErrMalformed)
	errNone     = fmt.Errorf("%w: an answer in Complianz without a category", cookie.ErrMalformed)
)

var prefixes = []string{"cmplz_", "cmplz_rt_"}

var categories = []string{"functional", "preferences", "statistics", "statistics-anonymous", "marketing"}

// A Source reads the answer from the cookies of Complianz. The zero Source is ready to
// use, with the plugin's names as categories. It may be used by many goroutines at once.
type Source struct {
	// Groups are the site's categories by the plugin's names. An unlisted name stays as it
	// is. A category of several names is granted if all of them are.
	Groups map[string]string

	// Vendors are the destinations by the name of a service, as in "youtube". An unlisted
	// one is left out. Visitors who allowed or denied a service count as asked by
	// destination: destinations without a service need ServerOnly or Imply of the
	// destinations package.
	Vendors map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// PolicyID, if not empty, is the id of the site's cookie policy. A grant under
	// another one does not count.
	PolicyID string

	// Prefix is the prefix of the cookies' names. Empty: both prefixes are read, and a
	// denial in either counts.
	Prefix string
}

// Consent returns the answer in the request's cookies, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	read := prefixes
	if s.Prefix != "" {
		read = []string{s.Prefix}
	}
	state := consent.NewState(nil)
	for _, prefix := range read {
		answer, err := s.read(r, prefix)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		state = state.Restrict(answer)
	}
	return state, nil
}

// read returns the answer in the cookies with that prefix.
func (s Source) read(r *http.Request, prefix string) (consent.State, error) {
	dismissed := false
	for _, status := range cookie.Values(r, prefix+"banner-status") {
		switch status {
		case "dismissed":
			dismissed = true
		case "show", "":
		default:
			return consent.All(consent.Denied), errStatus
		}
	}
	if !dismissed {
		return consent.NewState(nil), nil
	}
	answers := make(map[string]bool)
	for _, name := range categories {
		category, err := cookie.Read(r, prefix+name, func(value string) (consent.State, error) {
			granted, err := Parse(value)
			return consent.NewState(map[string]bool{name: granted}), err
		})
		if err != nil {
			return consent.All(consent.Denied), err
		}
		maps.Insert(answers, category.Categories())
	}
	if len(answers) == 0 {
		return consent.All(consent.Denied), errNone
	}
	services, err := cookie.Read(r, prefix+"consented_services", func(value string) (consent.State, error) {
		services, err := ParseServices(value)
		return consent.NewState(services), err
	})
	if err != nil {
		return consent.All(consent.Denied), err
	}
	state := consent.NewState(cookie.Categories(answers, s.Groups)).
		WithDestinations(cookie.Destinations(maps.Collect(services.Categories()), s.Vendors))
	if s.PolicyID != "" && !s.current(r, prefix) {
		state = state.Denials()
	}
	return cookie.Complete(state, s.Categories), nil
}

// current reports whether the answer is for the site's present policy.
func (s Source) current(r *http.Request, prefix string) bool {
	ids := cookie.Values(r, prefix+"policy_id")
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return id != s.PolicyID })
}

// Parse reads the value of a category's cookie. One that is neither "allow" nor "deny" is
// an error that wraps [cookie.ErrMalformed].
func Parse(value string) (granted bool, err error) {
	switch cookie.Unescape(value) {
	case "allow":
		return true, nil
	case "deny":
		return false, nil
	default:
		return false, errAnswer
	}
}

// ParseServices reads the value of the cookie with the services, in time and memory linear
// in its length. It may be empty. A value that is not a JSON object of booleans is an
// error that wraps [cookie.ErrMalformed].
func ParseServices(value string) (map[string]bool, error) {
	value = cookie.Unescape(value)
	if value == "" || value == "[]" { // PHP has no empty object
		return nil, nil
	}
	var services map[string]*bool
	if json.Unmarshal([]byte(value), &services) != nil || services == nil {
		return nil, errServices
	}
	answers := make(map[string]bool, len(services))
	for name, granted := range services {
		if granted == nil {
			return nil, errServices
		}
		answers[name] = *granted
	}
	return answers, nil
}
