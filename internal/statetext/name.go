package statetext

import (
	"cmp"
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

// span returns the length of what s begins with that AppendName writes.
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

// compare compares two escaped names by the bytes they stand for. Digits of an escape
// are in the order of their values, so that it is only the "%" which is not.
func compare[T string | []byte](a, b T) int {
	i, end := 0, min(len(a), len(b))
	for i < end && a[i] == b[i] {
		i++
	}
	if i == end {
		return cmp.Compare(len(a), len(b))
	}
	return cmp.Compare(first(a[i:]), first(b[i:]))
}

// first returns the byte that an escaped name begins with.
func first[T string | []byte](name T) byte {
	if name[0] == '%' {
		return digit[name[1]]<<4 | digit[name[2]]
	}
	return name[0]
}

// undo returns what an escaped name stands for.
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
