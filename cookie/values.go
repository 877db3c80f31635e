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
// Values takes time linear in the size of the header, and returns parts of it
// without a copy: clone what outlives the request. The caller limits what it takes from
// them.
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
// whose cookies have names with a variable part; where the name is known, [Read] has the
// limits as well.
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

// cut is strings.Cut at a byte. Most of the time that a request takes for its cookies
// goes here.
func cut(s string, sep byte) (before, after string, found bool) {
	if i := strings.IndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// trim is strings.Trim of spaces and tabs, which there is rarely more than one of.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
