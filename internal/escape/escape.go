// Package escape writes names in printable ASCII, as they stand in the text of a State.
package escape

import (
	"cmp"
	"math/bits"
	"strings"
)

const hexDigits = "0123456789ABCDEF"

// plain says which bytes stand for themselves in a name. The quote and the backslash
// do not, so that a text needs no escaping inside JSON.
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

// Plain reports whether c stands for itself.
func Plain(c byte) bool { return plain[c] }

// AppendByte appends c: itself if it is plain, or else %XX.
func AppendByte(dst []byte, c byte) []byte {
	if plain[c] {
		return append(dst, c)
	}
	return append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
}

// Append appends a name, escaped.
func Append(dst []byte, name string) []byte {
	for i := range len(name) {
		dst = AppendByte(dst, name[i])
	}
	return dst
}

// Next returns the length of the escaped name that list begins with, and whether that
// comes after previous, an escaped name too, in the order of what they stand for.
func Next(previous, list []byte) (end int, after bool) {
	known := shared(previous, list) // needs no second look
	end = known
	for end < len(list) {
		if plain[list[end]] {
			end++
			continue
		}
		if list[end] != '%' || end+2 >= len(list) {
			break
		}
		high, low := digit[list[end+1]], digit[list[end+2]]
		if high == none || low == none || plain[high<<4|low] {
			break
		}
		end += 3
	}
	return end, known < end && (known == len(previous) || first(previous[known:]) < first(list[known:]))
}

// Compare compares two escaped names by the bytes they stand for.
func Compare[T string | []byte](a, b T) int {
	i := shared(a, b)
	if i == len(a) || i == len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return cmp.Compare(first(a[i:]), first(b[i:]))
}

// shared returns the length of what a and b begin with alike, in whole escapes. Only a
// has to be an escaped name.
func shared[T string | []byte](a, b T) int {
	i, end := 0, min(len(a), len(b))
	for ; i+8 <= end; i += 8 {
		if differ := word(a[i:]) ^ word(b[i:]); differ != 0 {
			i += bits.TrailingZeros64(differ) / 8
			break
		}
	}
	for i < end && a[i] == b[i] {
		i++
	}
	switch {
	case i > 0 && a[i-1] == '%':
		return i - 1
	case i > 1 && a[i-2] == '%':
		return i - 2
	default:
		return i
	}
}

// word returns the first eight bytes of s, in a form the compiler reads at once.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// first returns the first byte that an escaped name stands for.
func first[T string | []byte](name T) byte {
	if name[0] == '%' {
		return digit[name[1]]<<4 | digit[name[2]]
	}
	return name[0]
}

// Undo returns what an escaped name stands for.
func Undo(name string) string {
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
