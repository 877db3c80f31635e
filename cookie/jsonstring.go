package cookie

import (
	"unicode/utf16"
	"unicode/utf8"
)

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
