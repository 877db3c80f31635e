package gpp

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// DefaultName is the name of the cookie unless [Source.Name] says otherwise.
const DefaultName = "__gpp"

// defaultInForce is the name of the cookie with the sections in force if the other is
// DefaultName.
const defaultInForce = "__gpp_sid"

// A Source reads what a visitor opted out of from a cookie with a GPP string. The zero
// Source is ready to use. It may be used by many goroutines at once.
type Source struct {
	// Name is the name of the cookie. Zero: DefaultName.
	Name string

	// InForce is the name of the cookie that lists the ids of the sections in force, with
	// commas between them. Zero: "__gpp_sid" with DefaultName, none with any other name;
	// then all sections are in force.
	InForce string

	// Purposes maps what a visitor may opt out of (see the package comment) to the site's
	// categories. An id may be prefixed with the name of a section, as in
	// "usca.sensitive_data_3", which is looked up first. An unmapped id is a category of
	// that name, without the prefix. An opt-out that is mapped to an empty name denies
	// everything, since no policy would know the name.
	Purposes map[string]string

	// TCF reads the TC string of a section tcfeuv2 in force; use the Decode of a
	// tcf.Source. Its State restricts that of the other sections. Nil: such a section is
	// ErrUnread.
	TCF func(value string) (consent.State, error)

	// Skip has the ids of sections that are ignored, in force or not, since another
	// Source reads them.
	Skip []int
}

// Consent returns the opt-outs of the request as denials. Without a cookie, and for a
// string without an opt-out, it is consent.NewState(nil). A cookie that cannot be read
// is an error that wraps [cookie.ErrMalformed], and the State is then All(Denied).
func (s Source) Consent(r *http.Request) (consent.State, error) {
	name, inForce := s.Name, s.InForce
	if name == "" {
		name = DefaultName
	}
	if inForce == "" && name == DefaultName {
		inForce = defaultInForce
	}
	return cookie.Read(r, name, func(value string) (consent.State, error) {
		ids, err := readInForce(r, inForce)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		return s.decode(value, ids)
	})
}

// Decode returns the State of a cookie's value, with all its sections in force. The value
// may be percent-encoded or in double quotes.
func (s Source) Decode(value string) (consent.State, error) { return s.decode(value, nil) }

func (s Source) decode(value string, inForce []int) (consent.State, error) {
	if len(value) > 3*maxSize {
		return consent.All(consent.Denied), errSize
	}
	t, err := Parse(cookie.Unescape(value))
	if err != nil {
		return consent.All(consent.Denied), err
	}
	all := !slices.ContainsFunc(inForce, t.has)
	denied, answer := map[string]bool{}, consent.NewState(nil)
	for _, section := range t.sections {
		switch {
		case !all && !slices.Contains(inForce, section.id), slices.Contains(s.Skip, section.id):
		case section.layout != nil:
			s.deny(denied, section)
		case section.id == idTCF && s.TCF != nil:
			tcf, err := s.TCF(section.raw)
			if err != nil {
				return consent.All(consent.Denied), fmt.Errorf("gpp: section tcfeuv2: %w", err)
			}
			answer = answer.Restrict(tcf)
		default:
			return consent.All(consent.Denied), ErrUnread
		}
	}
	return answer.Restrict(denial(denied)), nil
}

func denial(denied map[string]bool) consent.State {
	for category := range denied {
		if strings.TrimSpace(category) == "" {
			return consent.All(consent.Denied)
		}
	}
	return consent.NewState(denied)
}

// deny adds the opt-outs of a section.
func (s Source) deny(denied map[string]bool, t Section) {
	gpc := t.gpc()
	if gpc || t.flag(saleOptOut) || t.flag(uspOptOut) {
		denied[s.category(t, "sale")] = false
	}
	if gpc || t.flag(sharingOptOut) {
		denied[s.category(t, "sharing")] = false
	}
	if gpc || t.flag(targetedOptOut) {
		denied[s.category(t, "targeted_advertising")] = false
	}
	b, at, n := t.find(sensitiveData)
	for i := range n {
		if b.pair(at+2*i) == 1 {
			denied[s.category(t, "sensitive_data_"+strconv.Itoa(i+1))] = false
		}
	}
	if len(s.Purposes) > 0 {
		s.denyConsents(denied, t)
	}
}

// denyConsents denies what the visitor did not consent to, as far as it is mapped.
func (s Source) denyConsents(denied map[string]bool, t Section) {
	b, at, n := t.find(knownChild)
	for i := range n {
		if category, ok := s.mapped(t, "known_child_"+strconv.Itoa(i+1)); ok && b.pair(at+2*i) == 1 {
			denied[category] = false
		}
	}
	if category, ok := s.mapped(t, "personal_data"); ok && (t.flag(personalData) || t.flag(additionalData)) {
		denied[category] = false
	}
}

func (s Source) category(t Section, id string) string {
	if category, ok := s.mapped(t, id); ok {
		return category
	}
	return id
}

func (s Source) mapped(t Section, id string) (string, bool) {
	if category, ok := s.Purposes[t.Name()+"."+id]; ok {
		return category, true
	}
	category, ok := s.Purposes[id]
	return category, ok
}
