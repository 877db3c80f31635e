package cookie

import (
	"strings"
	"unicode/utf8"
)

// The Consent Manager reads and writes cookies with js-cookie 2.2.1. Its
// percent-encoding is special: more bytes stand for themselves than in a URL, and only
// upper-case escapes are read.
const (
	valueRaw = "!#$&'()*+-./:<=>?@[]^_`{|}~"
	nameRaw  = "!#$&'*+-.^_`|~"
)

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

// percentEncode appends s as js-cookie writes it: letters, digits and the bytes in raw
// as they are, and the others as %XX.
func percentEncode(dst []byte, s, raw string) []byte {
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

// digit is the value of a character that js-cookie takes for a digit of an escape: that
// includes the letters after F, which make the cookie unreadable.
var digit = func() (table [256]byte) {
	for c := range table {
		switch c := byte(c); {
		case '0' <= c && c <= '9':
			table[c] = c - '0'
		case 'A' <= c && c <= 'Z':
			table[c] = min(c-'A'+10, overF)
		default:
			table[c] = noDigit
		}
	}
	return table
}()

const (
	overF   = 16
	noDigit = 17
)

// percentDecode appends s as js-cookie decodes it, and reports whether it can. The
// result is never longer than s.
func percentDecode(dst []byte, s string) ([]byte, bool) {
	if !utf8.ValidString(s) {
		return dst, false
	}
	for s != "" {
		if s[0] != '%' {
			dst = append(dst, s[0])
			s = s[1:]
			continue
		}
		r, size := escaped(s)
		if size == 0 {
			return dst, false
		}
		dst = utf8.AppendRune(dst, r)
		s = s[size:]
	}
	return dst, true
}

// escaped returns the character that the "%" at the beginning of s stands for, and the
// number of bytes it takes, 0 if js-cookie cannot read it. A run of escapes, which are
// "%" and two digits or upper-case letters, has to be hexadecimal and decode to UTF-8
// by itself; any other "%" stands for itself.
func escaped(s string) (r rune, size int) {
	if c, ok := escapedASCII(s); ok {
		return rune(c), 3
	}
	var buf [utf8.UTFMax]byte
	run := buf[:0]
	for len(run) < cap(run) && len(s) > 2 && s[0] == '%' {
		high, low := digit[s[1]], digit[s[2]]
		if high == noDigit || low == noDigit {
			break
		}
		if high == overF || low == overF {
			return utf8.RuneError, 0
		}
		run = append(run, high<<4|low)
		s = s[3:]
	}
	if len(run) == 0 {
		return '%', 1
	}
	r, size = utf8.DecodeRune(run)
	if size == 1 {
		return utf8.RuneError, 0
	}
	return r, 3 * size
}

// escapedASCII is escaped for ASCII characters, which most escapes are.
func escapedASCII(s string) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := digit[s[1]], digit[s[2]]
	return high<<4 | low, high < 8 && low < 16
}
