package orestbida

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-consent/segment/cookie"
)

var (
	errObject     = fmt.Errorf("%w: the cookie of vanilla-cookieconsent is not a JSON object", cookie.ErrMalformed)
	errID         = fmt.Errorf("%w: the cookie of vanilla-cookieconsent has no id of an answer", cookie.ErrMalformed)
	errCategories = fmt.Errorf("%w: the cookie of vanilla-cookieconsent has no list of categories", cookie.ErrMalformed)
	errServices   = fmt.Errorf("%w: the cookie of vanilla-cookieconsent has invalid services", cookie.ErrMalformed)
	errNone       = fmt.Errorf("%w: the cookie of vanilla-cookieconsent names no category", cookie.ErrMalformed)
)

// An Answer is the content of the cookie.
type Answer struct {
	Categories map[string]bool // in version 2 only those that the visitor accepted
	Services   map[string]bool // that the visitor accepted, in version 3
	Revision   int             // or 0
	Given      time.Time       // or the zero Time
}

// Parse reads the value of the cookie, of either version, encoded or not. A value that is
// not a JSON object, or has no id of an answer or no list of categories, is an error that
// wraps [cookie.ErrMalformed]. A service counts only if its category is accepted.
func Parse(value string) (Answer, error) {
	// A map, since its keys are case-sensitive and those of a struct are not.
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(cookie.Unescape(value)), &members) != nil || members == nil {
		return Answer{}, errObject
	}
	if text(members["consentId"]) == "" && text(members["consent_uuid"]) == "" {
		return Answer{}, errID
	}
	var accepted []string
	if json.Unmarshal(members["categories"], &accepted) != nil || accepted == nil {
		return Answer{}, errCategories
	}
	a := Answer{Categories: make(map[string]bool), Services: make(map[string]bool)}
	for _, category := range accepted {
		a.Categories[category] = true
	}
	if services := members["services"]; services != nil && !a.setServices(services) {
		return Answer{}, errServices
	}
	if json.Unmarshal(members["revision"], &a.Revision) != nil {
		a.Revision = 0 // which no site can ask for
	}
	a.Given = date(members, "lastConsentTimestamp", "last_consent_update", "consentTimestamp", "consent_date")
	return a, nil
}

// setServices adds the services of each category, and the categories that the visitor
// rejected. It reports whether it can read them.
func (a *Answer) setServices(member json.RawMessage) (ok bool) {
	var services map[string][]string
	if json.Unmarshal(member, &services) != nil {
		return false
	}
	for category, accepted := range services {
		granted := a.Categories[category]
		a.Categories[category] = granted
		for _, service := range accepted {
			a.Services[service] = a.Services[service] || granted
		}
	}
	return true
}

// text returns a string, or "" for anything else.
func text(member json.RawMessage) (s string) {
	if json.Unmarshal(member, &s) != nil {
		return ""
	}
	return s
}

// date returns the first date among the members of these names.
func date(members map[string]json.RawMessage, names ...string) time.Time {
	for _, name := range names {
		if given, err := time.Parse(time.RFC3339, text(members[name])); err == nil {
			return given
		}
	}
	return time.Time{}
}
