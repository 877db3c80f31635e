// Package caching holds the rules by which shared caches, such as a CDN, keep a response.
package caching

import (
	"net/http"
	"slices"
	"strings"
)

// ForbidsStoring reports whether a response forbids every cache to store it.
func ForbidsStoring(h http.Header) bool {
	return slices.Contains(Directives(h, "Cache-Control"), "no-store")
}

// AllowsSharing reports whether a response allows shared caches to store it.
func AllowsSharing(h http.Header) bool {
	return targetedShare(h) || slices.ContainsFunc(Directives(h, "Cache-Control"), func(d string) bool {
		return d == "public" || strings.HasPrefix(d, "s-maxage")
	})
}

// targetedShare reports whether a header for certain shared caches lets them store the
// response.
func targetedShare(h http.Header) bool {
	for name := range h {
		if Targeted(name) && !ForbidsSharing(h, name) {
			return true
		}
	}
	return false
}

// Targeted reports whether a header is for certain shared caches, which obey it instead of
// Cache-Control.
func Targeted(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "-cache-control") ||
		slices.Contains([]string{"surrogate-control", "edge-control", "x-accel-expires"}, name)
}

// ForbidsSharing reports whether a header for shared caches only forbids storing the
// response. The name is spelled as in h.
func ForbidsSharing(h http.Header, name string) bool {
	if strings.EqualFold(name, "X-Accel-Expires") {
		return slices.Equal(h[name], []string{"0"})
	}
	for _, line := range h[name] {
		for element := range strings.SplitSeq(line, ",") {
			switch strings.ToLower(strings.Trim(element, " \t")) {
			case "no-store", "private", "bypass-cache":
			default:
				return false
			}
		}
	}
	return true
}

// Permits reports whether a shared cache may store a response and show it to others: it
// may, if only for a time of its own choice (RFC 9111, section 4.2.2), unless every header
// that such caches obey forbids it. A Vary header does not count: most of them key only by
// URL.
func Permits(h http.Header) bool {
	return targetedShare(h) || !slices.ContainsFunc(Directives(h, "Cache-Control"), func(d string) bool {
		return d == "private" || d == "no-store"
	})
}

// Directives returns the elements of a list header, in lower case, except those of lines
// with quotes, in which a comma need not separate.
func Directives(h http.Header, name string) []string {
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
