package middleware

import (
	"net/http"
	"slices"
	"strings"
)

// Private marks a response as made for the visitor who asked: "Cache-Control: private"
// in place of what was there, unless that forbids storing it at all, and a Vary header
// with what the answer of a visitor is read from, Cookie and Sec-GPC. Call it before
// the header is written, and set nothing after it that lets a shared cache keep the
// response.
func Private(h http.Header) {
	if !forbidsStoring(h) {
		h.Set("Cache-Control", "private")
	}
	varies := directives(h, "Vary")
	if slices.Contains(varies, "*") {
		return
	}
	for _, name := range []string{"Cookie", "Sec-GPC"} {
		if !slices.Contains(varies, strings.ToLower(name)) {
			h.Add("Vary", name)
		}
	}
}

func forbidsStoring(h http.Header) bool {
	return slices.Contains(directives(h, "Cache-Control"), "no-store")
}

// allowsSharing reports whether a response says that shared caches may keep it.
func allowsSharing(h http.Header) bool {
	return slices.ContainsFunc(directives(h, "Cache-Control"), func(d string) bool {
		return d == "public" || strings.HasPrefix(d, "s-maxage")
	})
}

// directives returns the elements of a list header, in lower case, but none of a line
// with quotes, within which a comma would not separate.
func directives(h http.Header, name string) []string {
	var list []string
	for _, line := range h.Values(name) {
		if strings.Contains(line, `"`) {
			continue
		}
		for element := range strings.SplitSeq(line, ",") {
			list = append(list, strings.ToLower(strings.Trim(element, " \t")))
		}
	}
	return list
}
