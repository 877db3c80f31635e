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
// A page with the script is for one visitor, and so is the same page without it: call
// [middleware.Private] for both. A Content-Security-Policy has to let the page load scripts from
// the Host, with which analytics.js loads its destinations, and connect to the Host
// and to Segment's API. The calls of the page itself have to expect that there is
// nobody to answer:
//
//	window.analytics && analytics.track("Signed Up")
//
// # When the answer changes
//
// A browser shows pages that were made earlier: it prefetches and prerenders what the
// visitor may open next, and keeps pages for the back button. The script compares the
// cookies of the answer with those of the request that the page was made for, which
// [Loader.For] has to know. If they differ, it starts nothing; a page that is shown again
// by the back button, and has analytics.js running, is loaded anew. A prerendered page
// starts when the visitor sees it. In a page that stays open, analytics.js sends no event
// after the answer has changed, and so gives no destination any; what a destination does
// of its own accord goes on until the page is left. Whatever the change is, the next page
// has what the new answer allows, so a script that takes an answer should load the page
// anew, and a handler that takes one should redirect.
//
// # Trusted Types
//
// Where a page requires Trusted Types, analytics.js cannot load its destinations by a
// policy of this script's own: it gives the addresses of scripts as strings. The page then
// has to make this policy before the script, with the Host that it uses, and allow it by
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

	// Host is the name of the host that serves analytics.js, as in the snippet that
	// Segment shows for the source: sources of another region, or with a domain of
	// their own, have another. Below a path of it, a proxy of one's own may pass the
	// requests on, as in "www.example.com/segment": /analytics.js/v1/,
	// /analytics-next/, /v1/projects/ and /next-integrations/ of Segment's host. Empty:
	// cdn.segment.com. It is always asked by HTTPS.
	Host string

	// Page is whether the script reports the view of the page as well, as Segment's
	// own snippet does.
	Page bool

	// Cookies are the names of the cookies that hold the visitor's answer, as they are
	// or percent-decoded: those that change when the answer does, and only then. Scripts
	// have to be able to read them: with one that is HttpOnly, nothing ever starts. Of
	// OneTrust's, take OptanonAlertBoxClosed, as OptanonConsent changes with each page.
	// Nil: [cookie.DefaultName]. Empty: none, and the script does not notice an answer.
	Cookies []string

	made []string // the cookies in the request that the page is for, if it is known
}

// For returns a Loader for the page that answers r. Its script starts nothing in a
// browser whose cookies are no longer those of r. Without it, the script compares with
// the cookies at the time when the page is read, and cannot tell that a page was
// prefetched, or comes from a cache of the browser.
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

// Script returns the script element for a visitor about whom d was decided, to be
// put into a page of html/template. It is empty if d allows no destination that needs
// consent, or lets no message leave: the strictly necessary ones alone do not bring
// analytics.js into a page, which stores an id of the visitor in the browser. Where
// nothing had to be asked, by the Default of a middleware or an opt-out policy, visitors
// who gave no answer get the script as well.
//
// In the integrations that analytics.js loads with, and that it adds to its events,
// the allowed destinations are true, and everything else is closed. That holds for
// destinations without a verdict too, even where the policy leaves them open. The
// events carry the categories of d in their consent context. Integrations that a call
// of the page gives for its own event count for that event: analytics.js lets them open
// what is closed.
//
// The nonce is that of the page's Content-Security-Policy, or "". An error wraps
// [ErrLoader]: the write key, the host or the nonce is not one.
func (l Loader) Script(d consent.Decision, nonce string) (template.HTML, error) {
	host := strings.TrimSuffix(l.Host, "/")
	if l.Host == "" {
		host = defaultCDN
	}
	switch {
	case !isWriteKey(l.WriteKey):
		return "", fmt.Errorf("%w: the write key is not one of letters and digits", ErrLoader)
	case !isBase(host):
		return "", fmt.Errorf("%w: the host is not the name of a host, with or without a path", ErrLoader)
	case !isNonce(nonce):
		return "", fmt.Errorf("%w: the nonce is not of base64", ErrLoader)
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

// isBase reports whether base is the name of a host, or a path on it without a final
// slash.
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

// isHostName reports whether host is a host's name with a dot in it, in lower case,
// without a port.
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
