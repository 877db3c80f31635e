package middleware

import (
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/names"
)

// Require returns a middleware that serves a request only if the State in its context
// grants every one of the categories, and else answers 403 Forbidden with a line of text
// that must not be cached. Use it inside the middleware of [New].
//
// Unknown does not pass: Require has no policy to ask, so under opt-out law use a Default,
// whose grants pass although they are presumed. If you need the visitor's own answer, call
// [consent.State.Given] in the handler. A context without a State does not pass, and
// neither does a request of another site that brought no answer. As everywhere, a grant
// counts only under the exact name, a denial in any casing and spacing.
//
// The handler itself must say how its response may be cached: it is meant only for
// visitors who consented.
func Require(category string, more ...string) func(http.Handler) http.Handler {
	required := append([]string{category}, more...)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !grants(consent.FromContext(r.Context()), required) {
				w.Header().Set("Cache-Control", "no-store")
				http.Error(w, "The visitor has not consented to this.", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func grants(s consent.State, required []string) bool {
	for _, name := range required {
		if s.Category(name) != consent.Granted {
			return false
		}
		for other, granted := range s.Categories() {
			if !granted && names.Fold(other) == names.Fold(name) {
				return false
			}
		}
	}
	return true
}
