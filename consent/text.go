package consent

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/go-consent/segment/internal/escape"
)

// The text of a State is, for example,
//
//	1.?*;+analytics,-advertising;+Amplitude,-Google%20Analytics
//
// The version; the rest as "?", "-", "+" or, if presumed, "~"; "*" if asked by
// destination; the categories; the destinations. Each name follows its answer and is
// written in printable ASCII, with %XX for other bytes and for those the format uses.
// Names stand in the order of their bytes, so that equal States have equal texts.
const (
	version        = "1."
	maxTextSize    = 16 << 10
	signs          = "?-+~" // indexed by Choice; the last is presumed
	askedMark      = '*'
	unansweredText = version + "?;;"
	deniedText     = version + "-;;"
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
// All(Denied). So does a JSON null, without an error. A field that a JSON payload
// lacks, or that gob leaves out, is not touched at all: decode into a fresh value,
// whose State is All(Denied), and never into one that held another visitor's.
func (s *State) UnmarshalText(text []byte) error {
	*s = All(Denied)
	if len(text) > maxTextSize {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrStateText, len(text), maxTextSize)
	}
	if err := checkText(text); err != nil {
		return err
	}
	if string(text) != deniedText {
		*s = State{string(text)}
	}
	return nil
}

// A textError is what is wrong with a text. It takes no memory, so that a caller may
// try a text that is right most of the time.
type textError string

func (e textError) Error() string { return ErrStateText.Error() + ": " + string(e) }

func (e textError) Unwrap() error { return ErrStateText }

// checkText returns an error unless the text is canonical.
func checkText(text []byte) error {
	rest, ok := bytes.CutPrefix(text, []byte(version))
	if !ok {
		return checkVersion(text)
	}
	head, lists, _ := bytes.Cut(rest, []byte(";"))
	if len(head) == 0 || strings.IndexByte(signs, head[0]) < 0 || len(head) > 1 && string(head[1:]) != string(askedMark) {
		return textError("a bad first section")
	}
	categories, destinations, ok := bytes.Cut(lists, []byte(";"))
	if !ok {
		return textError("not three sections")
	}
	return cmp.Or(checkList(categories), checkList(destinations))
}

// checkVersion returns what is wrong with a text of no version known here.
func checkVersion(text []byte) error {
	switch v, _, ok := bytes.Cut(text, []byte(".")); {
	case len(text) == 0:
		return textError("empty")
	case !ok || len(v) == 0:
		return textError("no version")
	default:
		return textError("a version this library does not know")
	}
}

// isSign is a table since a branch on what a visitor answered is one that no processor
// foresees.
var isSign = [256]bool{'+': true, '-': true, '~': true}

func checkList(list []byte) error {
	var previous []byte
	for first, more := true, len(list) > 0; more; first = false {
		if len(list) == 0 || !isSign[list[0]] {
			return textError("an answer that is none of +, - and ~")
		}
		list = list[1:]
		known := escape.Shared(previous, list)
		end := known + escape.Span(list[known:])
		name := list[:end]
		if more = end < len(list); more {
			if list[end] != ',' {
				return textError("a name that is not escaped as it should be")
			}
			list = list[end+1:]
		}
		if !first && !escape.Before(previous, name, known) {
			return textError("names out of order")
		}
		previous = name
	}
	return nil
}

// String returns the text of s, of whatever size.
func (s State) String() string {
	if s.text == "" {
		return deniedText
	}
	return s.text
}

// compose puts a State together.
func compose(rest Choice, asked bool, categories, destinations string) State {
	var buf [1024]byte // enough for most States, off the heap
	b := append(buf[:0], version...)
	b = append(b, signs[rest])
	if asked {
		b = append(b, askedMark)
	}
	b = append(b, ';')
	b = append(b, categories...)
	b = append(b, ';')
	b = append(b, destinations...)
	if string(b) == deniedText {
		return State{}
	}
	return State{string(b)}
}

// listText returns the answers as they stand in a text.
func listText(m map[string]bool) string {
	var b []byte
	for i, e := range sorted(m) {
		if i > 0 {
			b = append(b, ',')
		}
		b = escape.Append(append(b, sign(e.granted)), e.name)
	}
	return string(b)
}
