package cookie

import (
	"net"
	"net/http"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// registrableDomain returns the part of a Host header that a cookie can be shared
// within, or "" if the cookie can be for that host alone. The header is the
// client's: anything may be in it.
func registrableDomain(host string) string {
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
	// A last label that starts with a digit makes the host an IP address, in one
	// of the spellings browsers know. One that is empty, after a final dot, makes
	// it a host that browsers do not match with the domain without the dot.
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
