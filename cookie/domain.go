package cookie

import (
	"net"
	"net/http"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Domain returns the registrable domain of a Host header, by the public suffix list: the
// part of it that a cookie can be shared within. It is "" if the cookie can be for that
// host alone: an IP address, a single label, a public suffix itself, or what is no host
// name. The header is the client's: anything may be in it.
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
