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
// request shows: an Origin of another site means that something in between rewrites Host.
//
// A cookie for the host alone always is: one with the prefix "__Host-", or of a Codec that
// is HostOnly. The sample is the cookie for probe.
func knowsHost(public *http.Request, sample *http.Cookie) bool {
	if sample.Domain == "" {
		return true
	}
	host := hostName(public.Host)
	origin, err := url.Parse(public.Header.Get("Origin"))
	if err != nil || origin.Hostname() == "" {
		return host != ""
	}
	seen := strings.ToLower(origin.Hostname())
	if domain := strings.ToLower(strings.TrimPrefix(sample.Domain, ".")); domain != cookie.Domain(probe.Host) {
		return seen == domain || strings.HasSuffix(seen, "."+domain)
	}
	if host == seen {
		return true
	}
	domain := cookie.Domain(host)
	return domain != "" && domain == cookie.Domain(seen)
}

// hostName returns the name in a Host header, without the port, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
