package cookie

import (
	"strings"
	"unicode/utf8"
)

// The Consent Manager reads and writes cookies with js-cookie 2.2.1. Its percent
// encoding is one of its own: more bytes stand for themselves than in a URL, and
// only upper-case escapes are read.
const (
	valueRaw = "!#$&'()*+-./:<=>?@[]^_`{|}~"
	nameRaw  = "!#$&'*+-.^_`|~"
)

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

// escape appends s as js-cookie writes it: letters, digits and the bytes in raw
// as they are, and the others as %XX.
func escape(dst []byte, s, raw string) []byte {
	for i := range len(s) {
		c := s[i]
		if alphanumeric(c) || strings.IndexByte(raw, c) >= 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// unescape appends s as js-cookie reads it, and reports whether it can. A run of
// escapes, which are "%" and two digits or upper-case letters, has to be
// hexadecimal and decode to UTF-8 by itself; any other "%" stands for itself. So
// does "+". The result is never longer than s.
func unescape(dst []byte, s string) ([]byte, bool) {
	if !utf8.ValidString(s) {
		return dst, false
	}
	for i := 0; i < len(s); {
		if s[i] != '%' {
			dst = append(dst, s[i])
			i++
			continue
		}
		run, bits := len(dst), 0
		for i+2 < len(s) && s[i] == '%' {
			high, low := escapeDigit(s[i+1]), escapeDigit(s[i+2])
			if high < 0 || low < 0 {
				break
			}
			if high > 15 || low > 15 {
				return dst, false
			}
			dst = append(dst, byte(high<<4|low))
			bits |= high
			i += 3
		}
		switch {
		case len(dst) == run:
			dst = append(dst, '%')
			i++
		case bits > 7 && !utf8.Valid(dst[run:]): // ASCII is valid
			return dst, false
		}
	}
	return dst, true
}

// escapeDigit returns the value of what js-cookie takes for a digit of an escape,
// which is more than 15 for the letters after F, or -1.
func escapeDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	default:
		return -1
	}
}
