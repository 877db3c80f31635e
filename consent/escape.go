package consent

import (
	"cmp"
	"strings"
)

// Names in the text of a State are escaped.

const hexDigits = "0123456789ABCDEF"

// plain says which bytes stand for themselves in a name. The quote and the backslash
// do not, so that a text needs no escaping inside JSON.
var plain = func() (table [256]bool) {
	for c := byte('!'); c <= '~'; c++ {
		table[c] = strings.IndexByte(`%,;"\`, c) < 0
	}
	return table
}()

func escape(b *strings.Builder, name string) {
	for i := range len(name) {
		if c := name[i]; plain[c] {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
}

// escaped reports whether name is what escape writes.
func escaped(name string) bool {
	for i := 0; i < len(name); i++ {
		if plain[name[i]] {
			continue
		}
		if name[i] != '%' || i+2 >= len(name) {
			return false
		}
		high, low := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
		if high < 0 || low < 0 || plain[byte(high<<4|low)] {
			return false
		}
		i += 2
	}
	return true
}

// compareEscaped compares two escaped names by the bytes they stand for.
func compareEscaped(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i > 0 && a[i-1] == '%' { // the difference is within an escape
		i--
	} else if i > 1 && a[i-2] == '%' {
		i -= 2
	}
	if i == len(a) || i == len(b) {
		return cmp.Compare(len(a), len(b))
	}
	x, _ := next(a[i:])
	y, _ := next(b[i:])
	return cmp.Compare(x, y)
}

// next returns the first byte that an escaped name stands for, and the rest.
func next(name string) (byte, string) {
	if name[0] != '%' {
		return name[0], name[1:]
	}
	high, low := strings.IndexByte(hexDigits, name[1]), strings.IndexByte(hexDigits, name[2])
	return byte(high<<4 | low), name[3:]
}

// unescape returns what an escaped name stands for.
func unescape(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	b := make([]byte, 0, len(name))
	for name != "" {
		var c byte
		c, name = next(name)
		b = append(b, c)
	}
	return string(b)
}
