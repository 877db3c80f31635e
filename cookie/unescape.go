package cookie

import "strings"

// Unescape decodes the percent-encoding of a cookie's value leniently, for the many
// platforms that write some form of it. One pair of quotes around the whole value is
// removed first, as net/http does. A "+" stays a "+", as many values are base64, and so
// does a "%" without two hexadecimal digits, in either case, after it. The result may be
// any bytes, and is never longer than the value.
//
// A value that was encoded twice is decoded once.
func Unescape(value string) string {
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	first := strings.IndexByte(value, '%')
	if first < 0 {
		return value
	}
	decoded := append(make([]byte, 0, len(value)), value[:first]...)
	for i := first; i < len(value); i++ {
		c := value[i]
		if c == '%' && i+2 < len(value) {
			high, low := hexDigit(value[i+1]), hexDigit(value[i+2])
			if high >= 0 && low >= 0 {
				c = byte(high<<4 | low)
				i += 2
			}
		}
		decoded = append(decoded, c)
	}
	return string(decoded)
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
