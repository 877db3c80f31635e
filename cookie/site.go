package cookie

import (
	"net"
	"strings"
)

// Site returns the site of a Host header, with or without a port: the registrable domain,
// within which browsers share cookies and send SameSite ones. If there is none, for an IP
// address, a single label or a public suffix, it is the host itself, in lower case. It is
// "" for more than 253 bytes, the longest host. For a browser, two hosts are same-site if
// they have the same site and the same scheme.
func Site(host string) string {
	if domain := Domain(host); domain != "" {
		return domain
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if len(host) > 253 {
		return ""
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
