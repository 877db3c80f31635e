package middleware

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-consent/segment/internal/caching"
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
	if !caching.ForbidsStoring(h) {
		h.Set("Cache-Control", "private")
	}
	for name := range h {
		if caching.Targeted(name) && !caching.ForbidsSharing(h, name) {
			delete(h, name)
		}
	}
	varies := caching.Directives(h, "Vary")
	if slices.Contains(varies, "*") {
		return
	}
	for _, name := range []string{"Cookie", "Sec-GPC"} {
		if !slices.Contains(varies, strings.ToLower(name)) {
			h.Add("Vary", name)
		}
	}
}
