package consent

import (
	"errors"
	"fmt"
	"strings"
)

// The text of a State is, for example,
//
//	1.?*;+analytics,-advertising;+Amplitude,-Google%20Analytics
//
// The version; the rest as "?", "-" or "+"; "*" if asked by destination; the
// categories; the destinations. Each name follows its answer and is written in
// printable ASCII, with %XX for other bytes and for those the format uses. Names
// stand in the order of their bytes, so that equal States have equal texts.
const (
	version     = "1."
	maxTextSize = 16 << 10
	restSigns   = "?-+" // indexed by Choice
	askedMark   = '*'
	zeroText    = version + "?;;"
)

// ErrStateText is the error of a text that is not a State, or of a State that is
// too large for one.
var ErrStateText = errors.New("consent: not the text of a State")

// MarshalText returns s as ASCII text of at most 16 KiB, for job payloads, headers
// between services and stores. Equal States have equal texts. A State that
// takes more is an error that wraps [ErrStateText].
//
// The text is neither signed nor encrypted. Do not send it to a visitor to take
// it back: a cookie has a format of its own.
func (s State) MarshalText() ([]byte, error) {
	text := s.String()
	if len(text) > maxTextSize {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrStateText, len(text), maxTextSize)
	}
	return []byte(text), nil
}

// UnmarshalText sets s from what MarshalText returned, in this version of the
// library or an older one. Anything else (empty, too long, malformed, or written
// by a newer version) is an error that wraps [ErrStateText], and sets s to
// All(Denied).
func (s *State) UnmarshalText(text []byte) error {
	*s = All(Denied)
	if len(text) > maxTextSize {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrStateText, len(text), maxTextSize)
	}
	read := string(text)
	if wrong := checkText(read); wrong != "" {
		return fmt.Errorf("%w: %s", ErrStateText, wrong)
	}
	if read == zeroText {
		read = ""
	}
	*s = State{read}
	return nil
}

// checkText returns what is wrong with a text, or "" if it is canonical.
func checkText(text string) (wrong string) {
	v, rest, ok := strings.Cut(text, ".")
	switch {
	case text == "":
		return "empty"
	case !ok || v == "":
		return "no version"
	case v+"." != version:
		return "a version this library does not know"
	}
	head, lists, _ := strings.Cut(rest, ";")
	if head == "" || strings.IndexByte(restSigns, head[0]) < 0 || len(head) > 1 && head[1:] != string(askedMark) {
		return "a bad first section"
	}
	categories, destinations, ok := strings.Cut(lists, ";")
	if !ok || strings.Contains(destinations, ";") {
		return "not three sections"
	}
	if wrong = checkList(categories); wrong == "" {
		wrong = checkList(destinations)
	}
	return wrong
}

func checkList(section string) (wrong string) {
	previous, first := "", true
	for more := section != ""; more; {
		var entry string
		entry, section, more = strings.Cut(section, ",")
		if entry == "" || entry[0] != sign(true) && entry[0] != sign(false) {
			return "an answer that is neither + nor -"
		}
		name := entry[1:]
		if !escaped(name) {
			return "a name that is not escaped as it should be"
		}
		if !first && compareEscaped(previous, name) >= 0 {
			return "names out of order"
		}
		previous, first = name, false
	}
	return ""
}

// String returns the text of s, of whatever size.
func (s State) String() string {
	if s.text == "" {
		return zeroText
	}
	return s.text
}

// compose puts a State together.
func compose(rest Choice, asked bool, categories, destinations string) State {
	var buf [1024]byte // enough for most States, off the heap
	b := append(buf[:0], version...)
	b = append(b, restSigns[rest])
	if asked {
		b = append(b, askedMark)
	}
	b = append(b, ';')
	b = append(b, categories...)
	b = append(b, ';')
	b = append(b, destinations...)
	if string(b) == zeroText {
		return State{}
	}
	return State{string(b)}
}

// listText returns the answers as they stand in a text.
func listText(m map[string]bool) string {
	var b strings.Builder
	for i, e := range sorted(m) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte(sign(e.granted))
		escape(&b, e.name)
	}
	return b.String()
}
