package middleware

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-consent/segment/consent"
)

// GPCSupportPath is where a site declares that it honors Global Privacy Control.
const GPCSupportPath = "/.well-known/gpc.json"

// GPCSupport returns a handler for [GPCSupportPath] that declares that the site honors
// Global Privacy Control on all of its pages (W3C, https://www.w3.org/TR/gpc/, "GPC
// Support Resource"). lastUpdate is the day on which the site began to, or last changed
// how, in the time zone of lastUpdate; the zero Time leaves it out.
//
// It answers GET and HEAD with JSON, and other methods with 405 Method Not Allowed.
func GPCSupport(lastUpdate time.Time) http.Handler {
	body := `{"gpc":true}`
	if !lastUpdate.IsZero() {
		body = `{"gpc":true,"lastUpdate":"` + lastUpdate.Format(time.DateOnly) + `"}`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body)) // net/http writes no body for HEAD
	})
}

// GPCHonored reports whether the request came with Global Privacy Control and the State
// in its context denies the given categories, which should be those of the [GPC]
// Signal; none stands for everything. Without a State in the context it is false, since
// nothing read the signal. It is also true if the visitor or a Default denies them
// anyway.
//
// California requires a site to display whether it treated the signal as an opt-out, as
// in "Opt-Out Request Honored" (CCPA regulations, 11 CCR 7025(c)(6)). Such a page
// depends on the header: tell caches with "Vary: Sec-GPC".
//
// Destinations in a policy's Always, which need no consent, are not affected by the
// signal, and GPCHonored ignores them.
func GPCHonored(r *http.Request, categories ...string) bool {
	if r == nil || !gpcSignalled(r) {
		return false
	}
	s, ok := consent.Lookup(r.Context())
	if !ok || s == consent.All(consent.Denied) {
		return ok
	}
	return len(categories) > 0 && !slices.ContainsFunc(categories, func(name string) bool {
		return name == "" || s.Category(name) != consent.Denied
	})
}
