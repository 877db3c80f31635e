package custom

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-consent/segment/cookie"
)

// Parse reads the value of the cookie: the answers by the names in it, in time and memory
// linear in its length. Formats without names use those of Categories. A repeated name is
// granted only if every entry says so, except in JSON, where the last one counts, as in
// JavaScript. A value of another form is an error that wraps [cookie.ErrMalformed]. So is
// an answer that is not one of the words, unless Categories or Groups are set and do not
// have the name: then it is left out.
func (s Source) Parse(value string) (map[string]bool, error) {
	if s.Format >= JSONList && s.Format != Pairs && len(s.Categories) == 0 {
		return nil, ErrCategories
	}
	value = cookie.Unescape(value)
	switch s.Format {
	case JSON:
		return s.parseObject(value)
	case JSONList:
		return s.parseArray(value)
	case Pairs:
		return s.parsePairs(value)
	case List:
		return granted(strings.Split(value, s.separator())), nil
	default:
		return s.parseWord(value)
	}
}

// at returns the JSON value at the path.
func (s Source) at(document string) (value json.RawMessage, err error) {
	value = json.RawMessage(document)
	for _, name := range s.Path {
		var members map[string]json.RawMessage
		if json.Unmarshal(value, &members) != nil || members[name] == nil {
			return nil, errJSON
		}
		value = members[name]
	}
	return value, nil
}

func (s Source) parseObject(document string) (map[string]bool, error) {
	object, err := s.at(document)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil || members == nil {
		return nil, errJSON
	}
	answers := make(map[string]bool, len(members))
	for name, member := range members {
		if err := s.add(answers, name, word(member)); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// word returns a JSON value as a word: a string without its quotes, and null as "", which
// is denied.
func word(member json.RawMessage) string {
	var text string
	if json.Unmarshal(member, &text) == nil {
		return text
	}
	return string(member)
}

func (s Source) parseArray(document string) (map[string]bool, error) {
	array, err := s.at(document)
	if err != nil {
		return nil, err
	}
	var names []string
	if json.Unmarshal(array, &names) != nil || names == nil {
		return nil, errJSON
	}
	return granted(names), nil
}

func (s Source) parsePairs(value string) (map[string]bool, error) {
	answers := make(map[string]bool)
	for pair := range strings.SplitSeq(value, s.separator()) {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, answer, ok := strings.Cut(pair, s.assign())
		if !ok {
			return nil, errPairs
		}
		if err := s.add(answers, strings.TrimSpace(name), strings.TrimSpace(answer)); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (s Source) parseWord(value string) (map[string]bool, error) {
	answer, ok := s.answer(value)
	if !ok {
		return nil, errAnswer
	}
	answers := make(map[string]bool, len(s.Categories))
	for _, category := range s.Categories {
		answers[category] = answer
	}
	return answers, nil
}

// granted returns the names with a grant for each.
func granted(names []string) map[string]bool {
	answers := make(map[string]bool, len(names))
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" {
			answers[name] = true
		}
	}
	return answers
}

// add adds one answer.
func (s Source) add(answers map[string]bool, name, word string) error {
	answer, ok := s.answer(word)
	if !ok {
		if s.knows(name) {
			return errAnswer
		}
		return nil
	}
	before, twice := answers[name]
	answers[name] = answer && (before || !twice)
	return nil
}

// knows reports whether the site has a category of that name in the cookie; without a
// list, it always does.
func (s Source) knows(name string) bool {
	_, group := s.Groups[name]
	return group || slices.Contains(s.Categories, name) || len(s.Groups) == 0 && len(s.Categories) == 0
}

var (
	defaultGranted = []string{"true", "1", "yes"}
	defaultDenied  = []string{"false", "0", "no"}
)

func (s Source) words() (yes, no []string) {
	yes, no = s.Granted, s.Denied
	if len(yes) == 0 {
		yes = defaultGranted
	}
	if len(no) == 0 {
		no = defaultDenied
	}
	return yes, no
}

// answer returns the answer of a word. A word that is in both lists is denied, and so is
// an empty one, which stands for null in JSON.
func (s Source) answer(word string) (granted, ok bool) {
	yes, no := s.words()
	switch {
	case slices.Contains(no, word):
		return false, true
	case slices.Contains(yes, word):
		return true, true
	default:
		return false, word == "" && s.Format != Word
	}
}

func (s Source) separator() string {
	switch {
	case s.Separator != "":
		return s.Separator
	case s.Format == List:
		return ","
	default:
		return "&"
	}
}

func (s Source) assign() string {
	if s.Assign == "" {
		return "="
	}
	return s.Assign
}
