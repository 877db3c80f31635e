package middleware

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-consent/segment/consent"
)

// GPCSupportPath is where a site tells that it honors Global Privacy Control.
const GPCSupportPath = "/.well-known/gpc.json"

// GPCSupport returns a handler for [GPCSupportPath] with which a site tells that it
// honors Global Privacy Control on all of its pages (W3C, https://www.w3.org/TR/gpc/,
// "GPC Support Resource"). lastUpdate is the day on which the site began to, or last
// changed how; the zero Time leaves it out. Its day in its own time zone is written.
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
// in its context denies the given categories, which are those of the [GPC] Signal; none
// stands for everything. Without a State in the context it is false: nothing read the
// signal then. It is true as well if the visitor or a Default denies them too.
//
// California asks a site to display whether it took the signal for an opt-out, as in
// "Opt-Out Request Honored" (CCPA regulations, 11 CCR 7025(c)(6)). A page that does
// differs by the header: let caches know with "Vary: Sec-GPC".
//
// What a policy sends to Always, which needs no consent, is not affected by the signal,
// and GPCHonored knows nothing of it.
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
