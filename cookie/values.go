package cookie

import (
	"iter"
	"net/http"
	"strings"
)

// Values returns the values of every cookie of that exact, case-sensitive name in
// the request, in the order the browser sent them, or nil if there is none. A
// value is the bytes after the first "=", neither decoded nor validated nor
// unquoted; a cookie without "=" has the empty value. Nothing is dropped:
// [http.Request.Cookies] leaves out values with quotes, backslashes or bytes
// beyond ASCII, which browsers store and consent platforms write.
//
// Values takes time linear in the size of the header, and returns parts of it without a
// copy: clone what outlives the request. The caller has to limit what it reads.
func Values(r *http.Request, name string) []string {
	var values []string
	for held, value := range Pairs(r) {
		if held == name {
			values = append(values, value)
		}
	}
	return values
}

// Pairs iterates over the names and values of all cookies in the request, as [Values]
// returns values: raw, in the order of the header, and parts of it. It is for sources
// whose cookies have names with a variable part; if the name is known, use [Read], which
// applies the limits.
//
// A browser sends the header once, but an HTTP/1.1 client may send several lines.
func Pairs(r *http.Request) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		if r == nil {
			return
		}
		for _, line := range r.Header["Cookie"] {
			for more := true; more; {
				var pair string
				pair, line, more = cut(line, ';')
				name, value, _ := cut(trim(pair), '=')
				if !yield(name, value) {
					return
				}
			}
		}
	}
}

// cut is strings.Cut at a byte. Reading the cookies of a request spends most of its time
// here.
func cut(s string, sep byte) (before, after string, found bool) {
	if i := strings.IndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// trim is strings.Trim of spaces and tabs, of which there is rarely more than one.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
