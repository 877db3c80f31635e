package middleware

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-consent/segment/internal/caching"
)

// Private marks a response as made for the visitor who asked: it sets "Cache-Control:
// private", unless the present value forbids storing it at all, and adds Cookie and
// Sec-GPC, from which an answer is read, to Vary. Call it before the header is written,
// and set nothing after it that lets a shared cache store the response.
//
// Headers that some shared caches obey instead of Cache-Control are removed, unless they
// only forbid storing the response: CDN-Cache-Control (RFC 9213) and every other header
// whose name ends in that or in Cache-Control, such as those of Cloudflare, Netlify,
// Vercel and LiteSpeed; Surrogate-Control of Fastly and Varnish, Edge-Control of Akamai,
// and X-Accel-Expires of nginx. None of this helps against a cache that is configured to
// ignore these headers.
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
