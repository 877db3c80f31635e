// Package analyticsjs loads Segment's analytics.js into pages on which the server decides
// what the visitor's answer allows.
//
// [Loader] renders the script, for html/template:
//
//	decision := policy.Decide(consent.FromContext(r.Context()))
//	script, err := loader.For(r).Script(decision, nonce)
package analyticsjs

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/segment"
)

// ErrLoader is the error of a [Loader] that cannot be rendered.
var ErrLoader = errors.New("analyticsjs: bad loader")

const defaultCDN = "cdn.segment.com"

// A Loader renders the script that loads Segment's analytics.js into a page, for a
// visitor who accepted something, with the integrations that the visitor accepted.
// It is for pages on which the server decides. A page with the Consent Manager needs
// Segment's own snippet instead: there, the Consent Manager decides what to load.
//
// The script sends to Segment itself, so Segment's rules decide about it ([consent.AtSegment]),
// also where the server sends to another router.
//
// A page with the script is for one visitor, and so is the same page without it: call
// [middleware.Private] for both. A Content-Security-Policy has to let the page load scripts from
// the Host, with which analytics.js loads its destinations, and connect to the Host and to
// Segment's API. The page's own calls must allow for analytics.js not being there:
//
//	window.analytics && analytics.track("Signed Up")
//
// # When the answer changes
//
// A browser may show a page that was rendered earlier: it prefetches and prerenders what the
// visitor may open next, and keeps pages for the back button. The script compares the cookies of
// the answer with those of the request that the page was rendered for, which [Loader.For]
// records. If they differ, it starts nothing; a page that is shown again by the back button,
// with analytics.js running, is reloaded. A prerendered page starts when the visitor sees it. In
// a page that stays open, analytics.js sends no event after the answer has changed, so no
// destination gets one; what a destination does by itself goes on until the visitor leaves the
// page. The next page always follows the new answer, so a script that takes an answer should
// reload the page, and a handler that takes one should redirect.
//
// # Trusted Types
//
// Where a page requires Trusted Types, a policy created by this script would not help
// analytics.js to load its destinations, because it passes script URLs as strings. The page has
// to create this policy before the script, with the Host that it uses, and allow it with
// "trusted-types default":
//
//	trustedTypes.createPolicy("default", {
//		createScriptURL: (url) => new URL(url).origin === "https://cdn.segment.com" ? url : null,
//	});
//
// A Loader may be used by many goroutines at once.
type Loader struct {
	// WriteKey is the write key of the source, of letters and digits. It is not a
	// secret: every page shows it.
	WriteKey string

	// Host is the name of the host that serves analytics.js, as in the snippet that Segment
	// shows for the source: sources of another region, or with a custom domain, have another. It
	// may include a path on which your own proxy forwards these requests, as in
	// "www.example.com/segment": /analytics.js/v1/, /analytics-next/, /v1/projects/ and
	// /next-integrations/ of Segment's host. Empty: cdn.segment.com. HTTPS is always used.
	Host string

	// Page makes the script report the page view as well, as Segment's own snippet does.
	Page bool

	// Cookies are the names of the cookies that hold the visitor's answer, as they are or
	// percent-decoded. They must change when the answer does, and only then, and scripts must be
	// able to read them: with one that is HttpOnly, nothing ever starts. For OneTrust, use
	// OptanonAlertBoxClosed, as OptanonConsent changes with each page. Nil:
	// [cookie.DefaultName]. Empty: none, and the script does not notice a new answer.
	Cookies []string

	made []string // the cookies in the request that the page is for, if it is known
}

// For returns a Loader for the page that answers r. Its script starts nothing in a browser whose
// cookies are no longer those of r. Without it, the script compares with the cookies at the time
// the page is parsed, and cannot tell that a page was prefetched or comes from the browser's
// cache.
func (l Loader) For(r *http.Request) Loader {
	l.made = []string{}
	for name, value := range cookie.Pairs(r) {
		decoded, err := url.PathUnescape(name)
		if err != nil {
			decoded = name
		}
		if slices.Contains(l.names(), decoded) {
			l.made = append(l.made, name+"="+value)
		}
	}
	return l
}

func (l Loader) names() []string {
	if l.Cookies == nil {
		return []string{cookie.DefaultName}
	}
	return l.Cookies
}

//go:embed loader.html
var loaderHTML string

var loaderTemplate = template.Must(template.New("loader").Parse(loaderHTML))

// Script returns the script element for the visitor that d was decided for, to be used in an
// html/template page. It is empty if d allows no destination that needs consent, or suppresses
// every message: strictly necessary destinations alone do not load analytics.js, which stores an
// id of the visitor in the browser. Where nothing had to be asked, by the Default of a
// middleware or an opt-out policy, visitors who gave no answer get the script as well.
//
// In the integrations that analytics.js loads with, and that it adds to its events, the allowed
// destinations are true, and everything else is closed. That includes destinations without a
// verdict, even where the policy allows them. The events carry the categories of d in their
// consent context. Integrations that the page passes with a call apply to that event:
// analytics.js lets them open what is closed.
//
// The nonce is that of the page's Content-Security-Policy, or "". An error wraps [ErrLoader]:
// the write key, the host or the nonce is malformed.
func (l Loader) Script(d consent.Decision, nonce string) (template.HTML, error) {
	host := strings.TrimSuffix(l.Host, "/")
	if l.Host == "" {
		host = defaultCDN
	}
	switch {
	case !isWriteKey(l.WriteKey):
		return "", fmt.Errorf("%w: the write key is not made of letters and digits", ErrLoader)
	case !isBase(host):
		return "", fmt.Errorf("%w: the host is not a host name, with or without a path", ErrLoader)
	case !isNonce(nonce):
		return "", fmt.Errorf("%w: the nonce is not base64", ErrLoader)
	}
	integrations, ok := browserIntegrations(d)
	if !ok {
		return "", nil
	}
	var b strings.Builder
	err := loaderTemplate.Execute(&b, map[string]any{
		"Host":    host,
		"Key":     l.WriteKey,
		"Options": map[string]any{"integrations": integrations},
		"Consent": map[string]any{"categoryPreferences": maps.Collect(d.Categories())},
		"Page":    l.Page,
		"Nonce":   nonce,
		"Names":   l.names(),
		"Made":    l.made,
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrLoader, err)
	}
	return template.HTML(b.String()), nil
}

// browserIntegrations returns the integrations to load analytics.js with, and whether
// to load it at all.
func browserIntegrations(d consent.Decision) (integrations map[string]bool, ok bool) {
	d, suppressed := consent.AtSegment(d)
	if suppressed != "" {
		return nil, false
	}
	integrations = map[string]bool{
		"All":              false,
		"Segment.io":       true,
		segment.Warehouses: false, // which "All" does not close
	}
	for v := range d.Verdicts() {
		if v.Allowed {
			integrations[v.Destination] = true
			ok = ok || v.Reason != consent.ReasonAlways
		}
	}
	return integrations, ok
}

func isWriteKey(key string) bool {
	return key != "" && len(key) <= 100 && strings.Trim(key, letters+digits) == ""
}

// isBase reports whether base is a host name, with or without a path that has no final slash.
func isBase(base string) bool {
	host, below, ok := strings.Cut(base, "/")
	if !ok {
		return isHostName(host)
	}
	for segment := range strings.SplitSeq(below, "/") {
		if strings.Trim(segment, ".") == "" || strings.Trim(segment, letters+digits+"-._~") != "" {
			return false
		}
	}
	return isHostName(host) && len(below) <= 200
}

// isHostName reports whether host is a host name in lower case with a dot in it, without a port.
func isHostName(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, letters[:26]+digits+"-") != "" {
			return false
		}
	}
	return len(host) <= 253 && strings.Contains(host, ".")
}

func isNonce(nonce string) bool {
	return len(nonce) <= 200 && strings.Trim(strings.TrimRight(nonce, "="), letters+digits+"+/-_") == ""
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)
