package cookie

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-consent/segment/internal/statetext"
)

// text reads the rest of a string after its quote, and appends it, escaped as in the
// text of a State. Half a surrogate pair becomes U+FFFD.
func (s *scanner) text(dst []byte, i int) (text []byte, next int) {
	value := s.value
	alike := i // from here on, the value and the name are escaped alike
	for {
		for i < len(value) && statetext.Plain(value[i]) {
			i++
		}
		c, next := s.character(i)
		// The text of a State has the same escape, unless it means something to JSON
		// or was not needed.
		if next > i+1 && c >= ' ' && c != '"' && c != '\\' && !statetext.Plain(c) {
			i = next
			continue
		}
		dst = append(dst, value[alike:i]...)
		switch {
		case c == '"':
			return dst, next
		case c == '\\':
			var r rune
			r, next = s.escape(next)
			dst = appendRune(dst, r)
		case c < ' ':
			return dst, s.fail(errSyntax)
		default:
			dst = statetext.AppendByte(dst, c)
		}
		i, alike = next, next
	}
}

func appendRune(dst []byte, r rune) []byte {
	var buf [utf8.UTFMax]byte
	for _, c := range utf8.AppendRune(buf[:0], r) {
		dst = statetext.AppendByte(dst, c)
	}
	return dst
}

// escape reads the rest of an escape after its backslash.
func (s *scanner) escape(i int) (r rune, next int) {
	c, next := s.character(i)
	switch c {
	case '"', '\\', '/':
		return rune(c), next
	case 'b':
		return '\b', next
	case 'f':
		return '\f', next
	case 'n':
		return '\n', next
	case 'r':
		return '\r', next
	case 't':
		return '\t', next
	case 'u':
		return s.unicodeEscape(next)
	default:
		return utf8.RuneError, s.fail(errSyntax)
	}
}

// unicodeEscape reads the digits of an escape, and the next one if the two are a
// surrogate pair.
func (s *scanner) unicodeEscape(i int) (r rune, next int) {
	r, next = s.hex4(i)
	switch {
	case r < 0:
		return utf8.RuneError, s.fail(errSyntax)
	case !utf16.IsSurrogate(r):
		return r, next
	}
	backslash, i := s.character(next)
	u, i := s.character(i)
	if backslash == '\\' && u == 'u' {
		low, after := s.hex4(i)
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, after
		}
	}
	return utf8.RuneError, next
}

// hex4 reads four hexadecimal digits, or returns -1.
func (s *scanner) hex4(i int) (r rune, next int) {
	for range 4 {
		var c byte
		c, i = s.character(i)
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return -1, i
		}
	}
	return r, i
}
