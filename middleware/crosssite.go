package middleware

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-consent/segment/cookie"
)

// withholdsCookies reports whether a browser may have kept the visitor's cookies from r
// because another site made the request, so that r cannot show that there is no answer.
// The cookies have that SameSite attribute.
func withholdsCookies(r *http.Request, sameSite http.SameSite) bool {
	if !isCrossSite(r, sameSite) {
		return false
	}
	switch sameSite {
	case http.SameSiteStrictMode:
		return true
	case http.SameSiteNoneMode: // browsers still block them in frames and for scripts
		return !isTopLevel(r)
	default:
		return !isTopLevel(r) || r.Method != http.MethodGet
	}
}

// isCrossSite reports whether r was made by or inside another site, or does not say.
func isCrossSite(r *http.Request, sameSite http.SameSite) bool {
	// Browsers that know the header send it with requests that would need third-party
	// cookies.
	if len(r.Header.Values("Sec-Fetch-Storage-Access")) > 0 {
		return true
	}
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 0 {
		return len(site) > 1 || !slices.Contains([]string{"same-origin", "same-site", "none"}, site[0])
	}
	if origin := r.Header.Values("Origin"); len(origin) > 0 {
		return len(origin) > 1 || !isSameSite(r, origin[0])
	}
	// A link has no Origin. That matters only for Strict cookies.
	referer := r.Header.Get("Referer")
	return sameSite == http.SameSiteStrictMode && referer != "" && !isSameSite(r, referer)
}

// isSameSite reports whether the origin of a URL belongs to the site that r is for.
// Without TLS here, a proxy may have terminated it, so either scheme will do.
func isSameSite(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || r.TLS != nil) {
		return false
	}
	site := cookie.Site(u.Host)
	return site != "" && site == cookie.Site(r.Host)
}

// isTopLevel reports whether a window navigates to a page, according to Fetch Metadata
// (https://www.w3.org/TR/fetch-metadata/).
func isTopLevel(r *http.Request) bool {
	return slices.Equal(r.Header.Values("Sec-Fetch-Mode"), []string{"navigate"}) &&
		slices.Equal(r.Header.Values("Sec-Fetch-Dest"), []string{"document"})
}
