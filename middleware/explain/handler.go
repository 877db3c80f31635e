// Package explain shows why the events of a visitor go where they go: a page for a support
// engineer who is asked why an event did not arrive.
//
// A [Handler] reads its request as the site would, and shows each step: what each Source and
// Signal said, what the law at the visitor's place requires, the State that follows, the verdict
// of every destination with its reason, and what leaves for the router. It shows no cookie, no id
// and no error text.
package explain

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/regime"
)

// A Handler answers GET and HEAD with a page about the visitor who asks, or with the same as JSON
// if the client prefers application/json to text/html. Neither may be cached.
//
// The page is about the request for the page. That request comes from the visitor's browser, or
// from somebody with the visitor's cookies, and passes the same proxies as any other page; the
// page cannot show how the site treats a POST from another site. Inside the site's middleware,
// the State in the context counts as well, as in [middleware.Read].
//
// The zero Handler shows nothing to anybody. A Handler may be used by many goroutines at once. It
// does not recover panics of the functions it is given.
type Handler struct {
	// Authorize reports whether the sender of a request may see the page, which shows what their
	// own browser answered and how the site is set up. It is called before anything is read. Nil:
	// every request gets 404 Not Found. A request that it refuses gets 403 Forbidden.
	Authorize func(*http.Request) bool

	// Options are the Options of the site's middleware. OnError is not called.
	Options middleware.Options

	// Policy is the Policy of the site's client. Without one, nothing is allowed.
	Policy consent.Policy

	// Client is the site's client, of that Policy. The verdicts are then what its Router makes of
	// the Policy's: of several routers, a Handler shows one. Nil: Segment.
	Client *consent.Client

	// Rules are those whose Default is in the Options. Nil: no regime is shown.
	Rules *regime.Rules

	// Warnings returns probable mistakes in the configuration or in the answer, such as those of
	// a [destinations.Explanation]. Nil: there are none.
	//
	// [destinations.Explanation]: https://pkg.go.dev/github.com/go-consent/segment/destinations#Explanation
	Warnings func(consent.State) []string
}

// ServeHTTP implements [http.Handler].
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	middleware.Private(header)
	header.Add("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	switch {
	case h.Authorize == nil:
		http.Error(w, "404 page not found", http.StatusNotFound)
	case !h.Authorize(r):
		http.Error(w, "You may not see this page.", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case prefersJSON(r):
		header.Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(h.report(r)) // the client may be gone
	default:
		var page bytes.Buffer
		if err := pageTemplate.Execute(&page, h.report(r)); err != nil {
			http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
			return
		}
		header.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes()) // likewise
	}
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

// prefersJSON reports whether JSON is accepted, and preferred to HTML (RFC 9110, section 12.5.1).
// Ranges with an asterisk prefer neither.
func prefersJSON(r *http.Request) bool {
	quality := make(map[string]float64)
	for _, line := range r.Header.Values("Accept") {
		for element := range strings.SplitSeq(line, ",") {
			mediaType, parameters, _ := strings.Cut(element, ";")
			q := 1.0
			for parameter := range strings.SplitSeq(parameters, ";") {
				name, value, _ := strings.Cut(parameter, "=")
				if strings.EqualFold(strings.TrimSpace(name), "q") {
					q, _ = strconv.ParseFloat(strings.TrimSpace(value), 64) // malformed: 0
				}
			}
			mediaType = strings.ToLower(strings.TrimSpace(mediaType))
			quality[mediaType] = max(quality[mediaType], q)
		}
	}
	return quality["application/json"] > quality["text/html"]
}
