package cookie

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth limits how deep objects and arrays of a document may be nested. The
// Consent Manager writes two levels.
const maxDepth = 16

// A scanner reads a JSON document of valid UTF-8, accepting exactly what
// JavaScript's JSON.parse does. It takes one pass and no memory: strings are
// unescaped in place, where the document held them.
//
// After a failure the scanner stands at the end of the document, where every
// read fails, so a caller need only look at fault when it is done.
type scanner struct {
	doc   []byte
	pos   int
	depth int
	fault fault
}

// A fault is what is wrong with a document.
type fault uint8

const (
	faultNone fault = iota
	faultSyntax
	faultDepth
)

// A span is a part of the document.
type span struct{ start, end uint16 }

// A kind is what a JSON value is. Those that JavaScript takes for false come
// first.
type kind uint8

const (
	kindMissing kind = iota
	kindNull
	kindFalse
	kindZero
	kindEmpty // string
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

func (k kind) falsy() bool { return k < kindTrue }

func (s *scanner) fail(f fault) {
	if s.fault == faultNone {
		s.fault = f
	}
	s.pos = len(s.doc)
}

// peek skips white space and returns the byte after it, or 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.doc); s.pos++ {
		switch c := s.doc[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// here returns the byte at the position, or 0 at the end.
func (s *scanner) here() byte {
	if s.pos < len(s.doc) {
		return s.doc[s.pos]
	}
	return 0
}

// end expects nothing more.
func (s *scanner) end() {
	if s.peek(); s.pos < len(s.doc) {
		s.fail(faultSyntax)
	}
}

// enter goes into the object or array at the position.
func (s *scanner) enter() {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.fail(faultDepth)
	}
}

// more reports whether another member or element follows, and leaves the object
// or array if not. The first has no comma before it.
func (s *scanner) more(closing byte, first bool) bool {
	switch c := s.peek(); {
	case s.pos == len(s.doc):
		s.fail(faultSyntax)
		return false
	case c == closing:
		s.pos++
		s.depth--
		return false
	case first:
		return true
	case c == ',':
		s.pos++
		return true
	default:
		s.fail(faultSyntax)
		return false
	}
}

// name reads the name of a member and the colon after it. See text.
func (s *scanner) name() (name span, lossy bool) {
	if s.peek() != '"' {
		s.fail(faultSyntax)
		return span{}, false
	}
	name, lossy = s.text()
	if s.peek() != ':' {
		s.fail(faultSyntax)
		return span{}, false
	}
	s.pos++
	return name, lossy
}

// value reads over a value and returns its kind.
func (s *scanner) value() kind {
	switch c := s.peek(); c {
	case '{':
		s.enter()
		for first := true; s.more('}', first); first = false {
			s.name()
			s.value()
		}
		return kindObject
	case '[':
		s.enter()
		for first := true; s.more(']', first); first = false {
			s.value()
		}
		return kindArray
	case '"':
		if t, _ := s.text(); t.start == t.end {
			return kindEmpty
		}
		return kindString
	case 't':
		s.literal("true")
		return kindTrue
	case 'f':
		s.literal("false")
		return kindFalse
	case 'n':
		s.literal("null")
		return kindNull
	default:
		return s.number()
	}
}

func (s *scanner) literal(word string) {
	if len(s.doc)-s.pos < len(word) || string(s.doc[s.pos:s.pos+len(word)]) != word {
		s.fail(faultSyntax)
		return
	}
	s.pos += len(word)
}

// number reads a number. It is zero if all the digits before its exponent are;
// one so small that JavaScript rounds it to zero is not.
func (s *scanner) number() kind {
	if s.here() == '-' {
		s.pos++
	}
	nonzero := false
	if s.here() == '0' {
		s.pos++ // no digit may follow
	} else {
		nonzero = s.digits()
	}
	if s.here() == '.' {
		s.pos++
		nonzero = s.digits() || nonzero
	}
	if c := s.here(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.here(); c == '+' || c == '-' {
			s.pos++
		}
		s.digits()
	}
	if nonzero {
		return kindNumber
	}
	return kindZero
}

// digits reads one digit or more, and reports whether any is not 0.
func (s *scanner) digits() (nonzero bool) {
	start := s.pos
	for c := s.here(); '0' <= c && c <= '9'; c = s.here() {
		nonzero = nonzero || c != '0'
		s.pos++
	}
	if s.pos == start {
		s.fail(faultSyntax)
	}
	return nonzero
}

// text reads the string at the position and returns where it stands, unescaped.
// Half a surrogate pair has no UTF-8: it becomes U+FFFD, and the string is lossy.
func (s *scanner) text() (t span, lossy bool) {
	s.pos++
	start := s.pos
	for s.pos < len(s.doc) {
		switch c := s.doc[s.pos]; {
		case c == '"':
			s.pos++
			return span{uint16(start), uint16(s.pos - 1)}, false
		case c == '\\':
			return s.escapedText(start)
		case c < ' ':
			s.fail(faultSyntax)
			return span{}, false
		}
		s.pos++
	}
	s.fail(faultSyntax)
	return span{}, false
}

// escapedText goes on with a string that starts at start, from its first escape
// on. What it writes is never longer than what it has read.
func (s *scanner) escapedText(start int) (t span, lossy bool) {
	out := s.doc[:s.pos]
	for s.pos < len(s.doc) {
		c := s.doc[s.pos]
		s.pos++
		switch {
		case c == '"':
			return span{uint16(start), uint16(len(out))}, lossy
		case c == '\\':
			r, ok := s.escape()
			if !ok {
				lossy = true
			}
			out = utf8.AppendRune(out, r)
		case c < ' ':
			s.fail(faultSyntax)
			return span{}, false
		default:
			out = append(out, c)
		}
	}
	s.fail(faultSyntax)
	return span{}, false
}

// escape reads the rest of an escape after its backslash, and reports whether it
// stands for a character.
func (s *scanner) escape() (r rune, ok bool) {
	c := s.here()
	s.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		return s.unicodeEscape()
	default:
		s.fail(faultSyntax)
		return utf8.RuneError, false
	}
}

// unicodeEscape reads the digits of an escape, and of the next one if the two are
// a surrogate pair.
func (s *scanner) unicodeEscape() (r rune, ok bool) {
	r = s.hex4(s.pos)
	if r < 0 {
		s.fail(faultSyntax)
		return utf8.RuneError, false
	}
	s.pos += 4
	if !utf16.IsSurrogate(r) {
		return r, true
	}
	if s.pos+1 < len(s.doc) && s.doc[s.pos] == '\\' && s.doc[s.pos+1] == 'u' {
		if pair := utf16.DecodeRune(r, s.hex4(s.pos+2)); pair != utf8.RuneError {
			s.pos += 6
			return pair, true
		}
	}
	return utf8.RuneError, false
}

// hex4 returns the four hexadecimal digits at i, or -1.
func (s *scanner) hex4(i int) rune {
	if i+4 > len(s.doc) {
		return -1
	}
	var r rune
	for _, c := range s.doc[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return -1
		}
	}
	return r
}
