package consent

import (
	"errors"
	"fmt"
	"iter"

	"github.com/go-consent/segment/internal/statetext"
)

const maxTextSize = 16 << 10

// ErrStateText is the error of a text that is not a State, or of a State that is
// too large for one.
var ErrStateText = errors.New("consent: not the text of a State")

// A textError is an [ErrStateText] with what is wrong. It is cheap: package cookie tries whether a
// text is in order.
type textError string

func (e textError) Error() string { return ErrStateText.Error() + ": " + string(e) }
func (textError) Unwrap() error   { return ErrStateText }

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
// All(Denied). So does a JSON null, without an error. A field that a JSON payload
// lacks, or that gob leaves out, is not touched at all: decode into a fresh value,
// whose State is All(Denied), and never into one that held another visitor's.
func (s *State) UnmarshalText(text []byte) error {
	*s = All(Denied)
	if len(text) > maxTextSize {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrStateText, len(text), maxTextSize)
	}
	if wrong := statetext.Check(text); wrong != "" {
		return textError(wrong)
	}
	if string(text) != statetext.AllDenied {
		*s = State{string(text)}
	}
	return nil
}

// String returns the text of s, however long it is.
func (s State) String() string {
	if s.text == "" {
		return statetext.AllDenied
	}
	return s.text
}

// head returns the answer for the rest, and whether s is marked.
func (s State) head() (rest statetext.Answer, asked bool) { return statetext.Head(s.String()) }

func (s State) sections() (categories, destinations string) { return statetext.Sections(s.String()) }

// compose puts a State together.
func compose[T string | []byte](rest statetext.Answer, asked bool, categories, destinations T) State {
	var buf [1024]byte // enough for most States, off the heap
	text := statetext.Append(buf[:0], rest, asked, categories, destinations)
	if string(text) == statetext.AllDenied {
		return State{}
	}
	return State{string(text)}
}

// merge returns a State with the given rest and mark and with the names of s and t. For each name,
// pick gets both answers, Unknown where one has none, and returns the answer of the result.
func (s State) merge(t State, rest statetext.Answer, asked bool, categories, destinations func(a, b statetext.Answer) statetext.Answer) State {
	var buf [2][512]byte // enough for most States, off the heap
	sCategories, sDestinations := s.sections()
	tCategories, tDestinations := t.sections()
	return compose(rest, asked,
		statetext.Merge(buf[0][:0], sCategories, tCategories, categories),
		statetext.Merge(buf[1][:0], sDestinations, tDestinations, destinations))
}

// section returns answers as a text contains them.
func section(answers map[string]bool) string {
	var list statetext.List
	for name, granted := range answers {
		a := statetext.Denied
		if granted {
			a = statetext.Granted
		}
		list = list.End(statetext.AppendName(list.Begin(), name), a)
	}
	return string(list.Section())
}

// choice is an answer as the public methods return it: without who gave it.
func choice(a statetext.Answer) Choice {
	switch a {
	case statetext.Unknown:
		return Unknown
	case statetext.Denied:
		return Denied
	default:
		return Granted
	}
}

// answers iterates over a section as the public methods show it.
func answers(section string) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for name, a := range statetext.Entries(section) {
			if !yield(name, a != statetext.Denied) {
				return
			}
		}
	}
}
