package custom

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// Write sets the cookie that holds s, percent-encoded for decodeURIComponent, with the
// attributes that [cookie.Set] fills in. Each of Categories is written, and each category
// that s names; those that s does not grant are written as denied.
//
// Other members of a JSON document in the request's cookie are kept, such as the site's own
// version or date: those beside the Path, and those beside the answers that are not in
// Categories. They are dropped if they would not fit.
//
// A State that Consent could not read back is an error that wraps [cookie.ErrNotEncodable],
// and nothing is written: a State without an answer, answers for destinations, an answer
// for every name without Categories, a name that holds a separator, one Word for answers
// that differ. Presumed grants are not the visitor's, and are written as denied.
//
// The cookie of AnsweredBy is set too, after the answer and with its attributes, to its
// value in the request, or else to "true".
func (s Source) Write(w http.ResponseWriter, r *http.Request, state consent.State) error {
	state = state.Given()
	answers, err := s.answers(state)
	if err != nil {
		return err
	}
	for _, document := range []string{first(r, s.name()), ""} {
		value := url.PathEscape(s.text(cookie.Unescape(document), answers))
		if err = s.check(value, state); err == nil {
			err = cookie.Set(w, r, s.cookies(r, value)...)
		}
		if err == nil {
			return nil
		}
	}
	return err
}

// cookies returns the cookie of the answer, and the one of AnsweredBy.
func (s Source) cookies(r *http.Request, value string) []http.Cookie {
	answer := s.cookie(s.name(), value)
	if !s.hasSecond() {
		return []http.Cookie{answer}
	}
	answered := s.cookie(s.AnsweredBy, first(r, s.AnsweredBy))
	if answered.Value == "" || strings.ContainsAny(answered.Value, `", `) || answered.Valid() != nil { // which Set would not repeat
		answered.Value = "true"
	}
	return []http.Cookie{answer, answered}
}

// ForgetCopies expires the copies of the cookie in r beside the one that Write sets, as
// [cookie.UnsetCopies] does: their denials would still count. Call it after Write.
func (s Source) ForgetCopies(w http.ResponseWriter, r *http.Request) error {
	return cookie.UnsetCopies(w, r, s.cookie(s.name(), ""))
}

// Forget expires the cookie, its copies, and the one of AnsweredBy. The visitor is asked
// again.
func (s Source) Forget(w http.ResponseWriter, r *http.Request) error {
	if err := cookie.Unset(w, r, s.cookie(s.name(), "")); err != nil || !s.hasSecond() {
		return err
	}
	return cookie.Unset(w, r, s.cookie(s.AnsweredBy, ""))
}

// hasSecond reports whether AnsweredBy is a cookie of its own.
func (s Source) hasSecond() bool { return s.AnsweredBy != "" && s.AnsweredBy != s.name() }

// cookie returns a cookie with the attributes of the Template.
func (s Source) cookie(name, value string) http.Cookie {
	c := s.Template
	c.Name, c.Value = name, value
	return c
}

// first returns the raw value of the first cookie of that name, or "".
func first(r *http.Request, name string) string {
	if values := cookie.Values(r, name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func notEncodable(why string) error { return fmt.Errorf("%w: %s", cookie.ErrNotEncodable, why) }

// answers returns the answers of a State by the names in the cookie.
func (s Source) answers(state consent.State) (map[string]bool, error) {
	known := len(s.Categories) > 0
	switch {
	case !known && s.Format != JSON && s.Format != Pairs:
		return nil, ErrCategories
	case state == consent.NewState(nil):
		return nil, notEncodable("no answer")
	case !known && state.Rest() != consent.Unknown:
		return nil, notEncodable("an answer for every name")
	case state.AskedByDestination():
		return nil, notEncodable("answers for destinations")
	}
	answers := make(map[string]bool)
	add := func(category string) {
		named := false
		for name, group := range s.Groups {
			if group == category {
				answers[name], named = state.Category(category) == consent.Granted, true
			}
		}
		if !named {
			answers[category] = state.Category(category) == consent.Granted
		}
	}
	for category := range state.Categories() {
		add(category)
	}
	for _, category := range s.Categories {
		add(category)
	}
	return answers, nil
}

// text returns the value for the answers, not yet encoded. The document is the previous
// one.
func (s Source) text(document string, answers map[string]bool) string {
	yes, no := s.words()
	var names, granted, pairs []string
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		names = append(names, name)
		answer := no[0]
		if answers[name] {
			answer = yes[0]
			granted = append(granted, name)
		}
		pairs = append(pairs, name+s.assign()+answer)
	}
	switch s.Format {
	case JSON:
		return s.put(document, s.Path, s.object(answers, yes[0], no[0]))
	case JSONList:
		return s.put(document, s.Path, marshal(append([]string{}, granted...)))
	case Pairs:
		return strings.Join(pairs, s.separator())
	case List:
		return strings.Join(granted, s.separator())
	default:
		if len(granted) == len(names) {
			return yes[0]
		}
		return no[0]
	}
}

// object returns the answers as members of a JSON object.
func (s Source) object(answers map[string]bool, yes, no string) json.RawMessage {
	members := make(map[string]json.RawMessage, len(answers))
	for name, granted := range answers {
		answer := no
		if granted {
			answer = yes
		}
		if members[name] = json.RawMessage(answer); !json.Valid(members[name]) {
			members[name] = marshal(answer)
		}
	}
	return marshal(members)
}

// put returns the document with the answers at the path. It recurses as deep as the path.
func (s Source) put(document string, path []string, answers json.RawMessage) string {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(document), &members) != nil || members == nil {
		members = make(map[string]json.RawMessage)
	}
	if len(path) > 0 {
		members[path[0]] = json.RawMessage(s.put(string(members[path[0]]), path[1:], answers))
		return string(marshal(members))
	}
	var own map[string]json.RawMessage
	if len(s.Categories) == 0 || json.Unmarshal(answers, &own) != nil {
		return string(answers)
	}
	maps.Copy(members, own)
	return string(marshal(members))
}

// marshal encodes values that cannot fail.
func marshal(value any) json.RawMessage {
	data, _ := json.Marshal(value)
	return data
}

// check returns an error unless the value reads as an answer that grants nothing that the
// State does not, and denies everything that it denies.
func (s Source) check(value string, state consent.State) error {
	read, err := s.Decode(value)
	if err != nil {
		return notEncodable("names that the format cannot hold")
	}
	for category, granted := range read.Categories() {
		if granted && state.Category(category) != consent.Granted {
			return notEncodable("names that the format cannot tell apart")
		}
	}
	for category, granted := range state.Categories() {
		switch {
		case !granted && read.Category(category) != consent.Denied,
			granted && read.Category(category) != consent.Granted && (len(s.Categories) == 0 || slices.Contains(s.Categories, category)):
			return notEncodable("names that the format cannot tell apart")
		}
	}
	return nil
}
