package statetext

import (
	"math/bits"
	"strings"
)

const hexDigits = "0123456789ABCDEF"

// plain says which bytes are not escaped in a name. The quote and the backslash are, so
// that a text needs no escaping inside JSON.
var plain = func() (table [256]bool) {
	for c := byte('!'); c <= '~'; c++ {
		table[c] = strings.IndexByte(`%,;"\`, c) < 0
	}
	return table
}()

// digit is the value of a digit of an escape, or none.
var digit = func() (table [256]byte) {
	for c := range table {
		table[c] = none
	}
	for value := range len(hexDigits) {
		table[hexDigits[value]] = byte(value)
	}
	return table
}()

const none = 0xFF

// Plain reports whether c stands for itself in a name.
func Plain(c byte) bool { return plain[c] }

// AppendByte appends a byte of a name: itself if it is plain, or else %XX.
func AppendByte(dst []byte, c byte) []byte {
	if plain[c] {
		return append(dst, c)
	}
	return append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
}

// AppendName appends a name, escaped.
func AppendName(dst []byte, name string) []byte {
	for i := range len(name) {
		dst = AppendByte(dst, name[i])
	}
	return dst
}

// span returns the length of the prefix of s that AppendName could have written.
func span(s []byte) int {
	i := 0
	for i < len(s) {
		if plain[s[i]] {
			i++
			continue
		}
		if s[i] != '%' || i+2 >= len(s) {
			break
		}
		high, low := digit[s[i+1]], digit[s[i+2]]
		if high == none || low == none || plain[high<<4|low] {
			break
		}
		i += 3
	}
	return i
}

// compare compares two escaped names by the bytes they stand for.
func compare[T string | []byte](a, b T) int {
	switch n := shared(a, b); {
	case before(a, b, n):
		return -1
	case n == len(a) && n == len(b):
		return 0
	default:
		return 1
	}
}

// shared returns the length of the common prefix of two escaped names, in whole escapes.
func shared[T string | []byte](a, b T) int {
	i, end := 0, min(len(a), len(b))
	for ; i+8 <= end; i += 8 {
		if differ := word(a[i:]) ^ word(b[i:]); differ != 0 {
			return whole(a, i+bits.TrailingZeros64(differ)/8)
		}
	}
	for i < end && a[i] == b[i] {
		i++
	}
	return whole(a, i)
}

// word returns the first eight bytes of s, in a form the compiler reads at once.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// whole returns the start of the escape around i, or i.
func whole[T string | []byte](a T, i int) int {
	switch {
	case i > 0 && a[i-1] == '%':
		return i - 1
	case i > 1 && a[i-2] == '%':
		return i - 2
	default:
		return i
	}
}

// before reports whether a is less than b, of which n bytes are shared.
func before[T string | []byte](a, b T, n int) bool {
	return n < len(b) && (n == len(a) || first(a[n:]) < first(b[n:]))
}

// first returns the byte that an escaped name begins with.
func first[T string | []byte](name T) byte {
	if name[0] == '%' {
		return digit[name[1]]<<4 | digit[name[2]]
	}
	return name[0]
}

// undo unescapes a name.
func undo(name string) string {
	if strings.IndexByte(name, '%') < 0 {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		b = append(b, first(name[i:]))
		if name[i] == '%' {
			i += 2
		}
	}
	return string(b)
}
