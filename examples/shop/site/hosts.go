package site

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// onlyHosts refuses requests for any other host. Otherwise a page of another site, whose name
// resolves to this machine, could read what the shop shows.
func onlyHosts(hosts []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(hosts, hostOf(r.Host)) {
			http.Error(w, "this is another host; see -host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostsOf returns the names of the shop: those of this machine, that of the address to listen on, and
// the given others.
func hostsOf(addr string, others string) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if host := hostOf(addr); host != "" {
		if ip, err := netip.ParseAddr(host); err != nil || !ip.IsUnspecified() {
			hosts = append(hosts, host)
		}
	}
	for host := range strings.SplitSeq(others, ",") {
		if host = strings.TrimSpace(host); host != "" {
			hosts = append(hosts, strings.ToLower(host))
		}
	}
	return hosts
}

func hostOf(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
