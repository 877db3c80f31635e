// Package statetext owns the text of a State: it writes, checks and reads it. For
// example,
//
//	1.?*;+analytics,-advertising;+Amplitude,-Google%20Analytics
//
// The version; the answer for the rest as "?", "-", "+" or, if presumed, "~"; "*" if the
// visitor was asked by destination; the categories; the destinations. Each name follows
// its answer and is written in printable ASCII, with %XX for other bytes and for those the
// format uses. Names are in byte order and none has the answer "?", so equal States have
// equal texts.
//
// Only Check takes any text; the others need a text that Check accepts.
package statetext

import "strings"

// An Answer is one of the answers that the text distinguishes.
type Answer uint8

// The answers. Presumed is a grant that a Default gave.
const (
	Unknown Answer = iota
	Denied
	Granted
	Presumed
)

// The texts of States without a name.
const (
	AllUnknown = version + "?;;"
	AllDenied  = version + "-;;"
	AllGranted = version + "+;;"
)

const (
	version   = "1."
	signs     = "?-+~" // indexed by Answer
	askedMark = '*'
)

// Append appends a text. The sections are settled lists, or sections of another text.
func Append[T string | []byte](dst []byte, rest Answer, asked bool, categories, destinations T) []byte {
	dst = append(dst, version...)
	dst = append(dst, signs[rest])
	if asked {
		dst = append(dst, askedMark)
	}
	dst = append(dst, ';')
	dst = append(dst, categories...)
	dst = append(dst, ';')
	return append(dst, destinations...)
}

// Head returns the answer for the rest, and whether the visitor was asked by destination.
func Head(text string) (rest Answer, asked bool) {
	head := text[len(version):]
	return answerOf(head[0]), head[1] == askedMark
}

// Sections returns the categories and the destinations.
func Sections(text string) (categories, destinations string) {
	_, lists, _ := strings.Cut(text, ";")
	categories, destinations, _ = strings.Cut(lists, ";")
	return categories, destinations
}

// MayHold reports whether the text holds an answer a, or its sign in a name.
func MayHold(text string, a Answer) bool { return strings.IndexByte(text, signs[a]) >= 0 }

// answerOf returns the answer of a sign.
func answerOf(sign byte) Answer { return Answer(strings.IndexByte(signs, sign)) }
