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
	case http.SameSiteNoneMode: // in frames and for scripts browsers block them all the same
		return !isTopLevel(r)
	default:
		return !isTopLevel(r) || r.Method != http.MethodGet
	}
}

// isCrossSite reports whether r was made by another site, or in one, or does not say.
func isCrossSite(r *http.Request, sameSite http.SameSite) bool {
	// Browsers that have the header send it with what would need third-party cookies.
	if len(r.Header.Values("Sec-Fetch-Storage-Access")) > 0 {
		return true
	}
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 0 {
		return len(site) > 1 || !slices.Contains([]string{"same-origin", "same-site", "none"}, site[0])
	}
	if origin := r.Header.Values("Origin"); len(origin) > 0 {
		return len(origin) > 1 || !isSameSite(r, origin[0])
	}
	// A link has no Origin. It matters to Strict cookies alone.
	referer := r.Header.Get("Referer")
	return sameSite == http.SameSiteStrictMode && referer != "" && !isSameSite(r, referer)
}

// isSameSite reports whether the origin of a URL is of the site that r is for. Without
// TLS here, TLS may have ended before this process, so that either scheme will do.
func isSameSite(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || r.TLS != nil) {
		return false
	}
	site := cookie.Site(u.Host)
	return site != "" && site == cookie.Site(r.Host)
}

// isTopLevel reports whether a window navigates to a page, which a browser says by Fetch
// Metadata (https://www.w3.org/TR/fetch-metadata/).
func isTopLevel(r *http.Request) bool {
	return slices.Equal(r.Header.Values("Sec-Fetch-Mode"), []string{"navigate"}) &&
		slices.Equal(r.Header.Values("Sec-Fetch-Dest"), []string{"document"})
}
