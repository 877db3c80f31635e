package consent

import (
	"errors"
	"fmt"
	"iter"
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
	if len(text) > maxTextSize {
		*s = All(Denied)
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrStateText, len(text), maxTextSize)
	}
	a, err := parse(string(text))
	if err == nil {
		*s = a.state()
		if s.String() == string(text) {
			return nil
		}
		err = errors.New("not in canonical form")
	}
	*s = All(Denied)
	return fmt.Errorf("%w: %w", ErrStateText, err)
}

// String returns the text of s, of whatever size.
func (s State) String() string {
	if s.text == "" {
		return zeroText
	}
	return s.text
}

// state puts the answers together.
func (a answers) state() State {
	var b strings.Builder
	b.WriteString(version)
	b.WriteByte(restSigns[a.rest])
	if a.asked {
		b.WriteByte(askedMark)
	}
	for _, list := range [][]answer{a.categories, a.destinations} {
		b.WriteByte(';')
		for i, e := range list {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteByte(sign(e.granted))
			escape(&b, e.name)
		}
	}
	if b.String() == zeroText {
		return State{}
	}
	return State{b.String()}
}

// answers takes s apart.
func (s State) answers() answers {
	a, err := parse(s.String())
	if err != nil {
		panic("consent: a State with a bad text: " + err.Error()) // only this package makes texts
	}
	return a
}

func parse(text string) (a answers, err error) {
	v, rest, ok := strings.Cut(text, ".")
	switch {
	case text == "":
		return a, errors.New("empty")
	case !ok || v == "":
		return a, errors.New("no version")
	case v+"." != version:
		return a, errors.New("a version this library does not know")
	}
	parts := strings.Split(rest, ";")
	if len(parts) != 3 {
		return a, errors.New("not three sections")
	}
	head := parts[0]
	if head == "" || strings.IndexByte(restSigns, head[0]) < 0 || len(head) > 1 && head[1:] != string(askedMark) {
		return a, errors.New("a bad first section")
	}
	a.rest = Choice(strings.IndexByte(restSigns, head[0]))
	a.asked = len(head) > 1
	if a.categories, err = parseList(parts[1]); err != nil {
		return a, err
	}
	a.destinations, err = parseList(parts[2])
	return a, err
}

func parseList(section string) ([]answer, error) {
	if section == "" {
		return nil, nil
	}
	list := make([]answer, 0, strings.Count(section, ",")+1)
	for entry := range strings.SplitSeq(section, ",") {
		if entry == "" || entry[0] != sign(true) && entry[0] != sign(false) {
			return nil, errors.New("an answer that is neither + nor -")
		}
		name, err := unescape(entry[1:])
		if err != nil {
			return nil, err
		}
		if n := len(list); n > 0 && list[n-1].name >= name {
			return nil, errors.New("names out of order")
		}
		list = append(list, answer{name, entry[0] == sign(true)})
	}
	return list, nil
}

// The readers below scan the text of a State as it is, without taking it apart:
// every answer a Policy asks for goes through them.

func (s State) head() (rest Choice, asked bool) {
	text := s.String()[len(version):]
	return Choice(strings.IndexByte(restSigns, text[0])), text[1] == askedMark
}

func (s State) sections() (categories, destinations string) {
	_, lists, _ := strings.Cut(s.String(), ";")
	categories, destinations, _ = strings.Cut(lists, ";")
	return categories, destinations
}

func lookup(section, name string, rest Choice) Choice {
	for held, granted := range entries(section) {
		if held == name {
			return choice(granted)
		}
	}
	return rest
}

func entries(section string) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for section != "" {
			var entry string
			entry, section, _ = strings.Cut(section, ",")
			name, _ := unescape(entry[1:])
			if !yield(name, entry[0] == sign(true)) {
				return
			}
		}
	}
}

func choice(granted bool) Choice {
	if granted {
		return Granted
	}
	return Denied
}

func sign(granted bool) byte { return restSigns[choice(granted)] }

const hexDigits = "0123456789ABCDEF"

// plain reports whether c stands for itself in a name. The quote and the
// backslash do not, so that a text needs no escaping inside JSON.
func plain(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`%,;"\`, c) < 0
}

func escape(b *strings.Builder, name string) {
	for i := range len(name) {
		if c := name[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
}

func unescape(name string) (string, error) {
	if !strings.Contains(name, "%") {
		return name, nil
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '%' {
			if i+2 >= len(name) {
				return "", errors.New("an escape cut short")
			}
			high, low := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
			if high < 0 || low < 0 {
				return "", errors.New("an escape that is not %XX")
			}
			c = byte(high<<4 | low)
			i += 2
		}
		b = append(b, c)
	}
	return string(b), nil
}
