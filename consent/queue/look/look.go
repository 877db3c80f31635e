// Package look shows what is in a queue, to whoever operates it: a page without personal data.
//
// A [Handler] shows how many messages are in the queue and how old the oldest is, what its
// Worker has done with those that it received, why there are dead letters, what it holds by
// type, and what fails. It shows no id, no property, no name of an event and no error text.
package look

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/internal/caching"
)

// A Handler answers GET and HEAD with a page about a queue and a Worker of it, or with the
// same as JSON if the client accepts application/json and not text/html. Neither may be
// cached. What is in the queue is counted for all processes, and the rest for this Worker
// alone, since it began.
//
// The zero Handler shows nothing to anybody. A Handler may be used by many goroutines at once.
type Handler struct {
	// Authorize reports whether the sender of a request may see the page. Nil: every request
	// gets 404 Not Found. A request that it refuses gets 403 Forbidden.
	Authorize func(*http.Request) bool

	// Worker is what the page is about. It is required, and need not run.
	Worker *queue.Worker
}

// ServeHTTP implements [http.Handler].
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	for name := range header {
		if caching.Targeted(name) {
			header.Del(name)
		}
	}
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	switch {
	case h.Authorize == nil || h.Worker == nil:
		http.Error(w, "404 page not found", http.StatusNotFound)
	case !h.Authorize(r):
		http.Error(w, "You may not see this page.", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case wantsJSON(r):
		header.Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(reportOf(r.Context(), h.Worker, time.Now())) // the client may be gone
	default:
		var page bytes.Buffer
		if err := pageTemplate.Execute(&page, reportOf(r.Context(), h.Worker, time.Now())); err != nil {
			http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
			return
		}
		header.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes()) // likewise
	}
}

func wantsJSON(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

//go:embed page.html
var pageHTML string

//go:embed style.css
var style string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
}).Parse(pageHTML))

// The page loads one style sheet and nothing else.
var contentSecurityPolicy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()
