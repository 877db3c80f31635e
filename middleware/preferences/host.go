package preferences

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-consent/segment/cookie"
)

// public returns a copy of r as the browser sent it, with the Host that Host returns.
func (h Handler) public(r *http.Request) *http.Request {
	public := *r
	if h.Host != nil {
		public.Host = h.Host(r)
	}
	return &public
}

// knowsHost reports whether the cookie is for the host that the browser sees, as far as the
// request shows: an Origin of another site means that something in between rewrites Host, or
// that CrossOrigin trusts a site whose requests come without the cookie.
//
// A cookie for the host alone, with the prefix "__Host-" or of a Codec that is HostOnly, is
// for whichever host that is. The sample is the cookie for probe.
func knowsHost(public *http.Request, sample *http.Cookie) bool {
	site := public.Header.Get("Sec-Fetch-Site")
	if site == crossSite {
		return false
	}
	if sample.Domain == "" && site != "" {
		return true
	}
	host := hostName(public.Host)
	origin, err := url.Parse(public.Header.Get("Origin"))
	if err != nil || origin.Hostname() == "" {
		return host != "" || sample.Domain == ""
	}
	seen := strings.ToLower(origin.Hostname())
	if domain := strings.ToLower(strings.TrimPrefix(sample.Domain, ".")); domain != "" && domain != cookie.Domain(probe.Host) {
		return seen == domain || strings.HasSuffix(seen, "."+domain)
	}
	if host == seen {
		return true
	}
	domain := cookie.Domain(host)
	return domain != "" && domain == cookie.Domain(seen)
}

const crossSite = "cross-site"

// drops reports whether the browser drops a cookie in the response, as it does for another
// site's request unless the cookie is SameSite=None or a window navigates (RFC 6265bis,
// section 5.7).
func drops(r *http.Request, set *http.Cookie) bool {
	return r.Header.Get("Sec-Fetch-Site") == crossSite && set.SameSite != http.SameSiteNoneMode &&
		(r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document")
}

// hostName returns the name in a Host header, without the port, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
