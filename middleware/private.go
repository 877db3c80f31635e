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
//
// Headers that some shared caches obey in place of Cache-Control are removed, unless they
// say nothing but that the response is not to be kept: CDN-Cache-Control (RFC 9213) and
// every other header whose name ends so or in Cache-Control, as those of Cloudflare,
// Netlify, Vercel and LiteSpeed do; Surrogate-Control of Fastly and Varnish, Edge-Control
// of Akamai, and X-Accel-Expires of nginx. A cache that is set up to keep pages whatever
// these headers say is beyond them.
func Private(h http.Header) {
	if !forbidsStoring(h) {
		h.Set("Cache-Control", "private")
	}
	for name := range h {
		if isTargeted(name) && !forbidsSharing(h, name) {
			delete(h, name)
		}
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
	for name := range h {
		if isTargeted(name) && !forbidsSharing(h, name) {
			return true
		}
	}
	return slices.ContainsFunc(directives(h, "Cache-Control"), func(d string) bool {
		return d == "public" || strings.HasPrefix(d, "s-maxage")
	})
}

// isTargeted reports whether a header is for some shared caches, which obey it in place of
// Cache-Control.
func isTargeted(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "-cache-control") ||
		slices.Contains([]string{"surrogate-control", "edge-control", "x-accel-expires"}, name)
}

// forbidsSharing reports whether a header for shared caches says nothing but that they
// must not keep the response. The name is as it stands in h.
func forbidsSharing(h http.Header, name string) bool {
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
