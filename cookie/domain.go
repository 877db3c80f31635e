package cookie

import (
	"net"
	"net/http"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Domain returns the registrable domain of a Host header, by the public suffix list: the
// domain within which a cookie can be shared. It is "" if a cookie can only be for the
// host itself: for an IP address, a single label, a public suffix, or an invalid host
// name. The header comes from the client, and may contain anything.
func Domain(host string) string {
	if strings.Contains(host, ":") {
		var err error
		if host, _, err = net.SplitHostPort(host); err != nil {
			return ""
		}
	}
	host = strings.ToLower(host)
	if len(host) > 253 {
		return ""
	}
	// A last label that starts with a digit makes the host an IP address, in one of the
	// spellings browsers know. An empty one, after a final dot, makes it a host that
	// browsers do not match with the domain without the dot.
	if last := host[strings.LastIndexByte(host, '.')+1:]; last == "" || '0' <= last[0] && last[0] <= '9' {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	if c := (http.Cookie{Name: DefaultName, Domain: domain}); c.Valid() != nil {
		return ""
	}
	return domain
}
