package cookie

import (
	"cmp"
	"net"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxForgotten limits how many cookies of one name a response expires.
const maxForgotten = 24

// ForgetCopies expires the copies of the cookie in r beside the one that [Codec.Write]
// sets, whose name, Domain and Path are left alone. A script that is configured with others
// writes such copies, and keeps reading an old one. Nothing is expired unless r has several
// copies, or one under another spelling of the name.
//
// Call it after Write has set the whole answer on the same response, since the other copies
// are lost, including their denials. No two lines then have the same name, Domain and Path,
// and the first line of the name is the answer, for proxies that keep only one.
//
// So the copy for the host alone stays if the host is the Domain of the answer: Chromium
// keeps the two apart, but for RFC 6265 they are one cookie.
//
// A copy can be for the host alone, for every domain from the host to its registrable one,
// and for every path that the path of r lies under, as r.RequestURI has it, with a final
// slash or without. At most 24 are expired, those for the shorter paths first. Browsers
// keep a cookie with Partitioned apart from one without; only those that match the Template
// are expired.
//
// An invalid Template is an error, as for Write, and nothing is written then.
func (c Codec) ForgetCopies(w http.ResponseWriter, r *http.Request) error {
	if !utf8.ValidString(c.name()) {
		return notEncodable("a name that is not UTF-8")
	}
	own := c.Template
	own.Name = string(percentEncode(nil, c.name(), nameRaw))
	if err := c.checkDomain(); err != nil {
		return err
	}
	return unsetCopies(w, r, own, c.brought(r, own.Name), c.HostOnly)
}

// UnsetCopies expires the copies of a cookie in r beside the one that [Set] sets, with the
// limits of [Codec.ForgetCopies], for packages that write the cookie of another platform.
// The name is compared byte for byte.
func UnsetCopies(w http.ResponseWriter, r *http.Request, c http.Cookie) error {
	return unsetCopies(w, r, c, sameName(r, c.Name), false)
}

// unsetCopies expires copies under the names in r, except the cookie of own.
func unsetCopies(w http.ResponseWriter, r *http.Request, own http.Cookie, names []string, hostOnly bool) error {
	if r == nil {
		return nil
	}
	prepare(&own, r, hostOnly)
	if err := storable(&own); err != nil {
		return err
	}
	host := hostOf(r)
	forgetCopies(w, r, own, names, func(name, domain, path string) bool {
		return name == own.Name && path == own.Path && cmp.Or(domain, host) == cmp.Or(domainOf(own), host)
	})
	return nil
}

// forgetCopies expires the copies of these names in r, except those to spare. Their other
// attributes are those of own, which is prepared and valid.
func forgetCopies(w http.ResponseWriter, r *http.Request, own http.Cookie, names []string, spare func(name, domain, path string) bool) {
	if hasPrefixFold(own.Name, "__Host-") { // with only one Domain and Path
		return
	}
	left := maxForgotten
	for _, path := range pathsAbove(r) {
		for _, domain := range domainsAbove(hostOf(r)) {
			for _, name := range names {
				if left == 0 || spare(name, domain, path) {
					continue
				}
				forgotten := own
				forgotten.Name, forgotten.Path, forgotten.Domain = name, path, domain
				if expired(&forgotten).Valid() == nil {
					http.SetCookie(w, &forgotten)
					left--
				}
			}
		}
	}
}

// sameName returns the name if r has several cookies of it.
func sameName(r *http.Request, name string) []string {
	if len(Values(r, name)) > 1 {
		return []string{name}
	}
	return nil
}

// brought returns the raw names of the copies of the cookie in r, unless there is only one,
// under its own name.
func (c Codec) brought(r *http.Request, own string) (names []string) {
	wanted, copies := scriptTarget(c.name()), 0
	for name := range Pairs(r) {
		if !wanted.matches(name) {
			continue
		}
		if copies++; copies <= maxCopies && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if copies == 1 && names[0] == own {
		return nil
	}
	return names
}

// domainsAbove returns the Domains of cookies that a browser sends to the host, "" for the
// host alone first.
func domainsAbove(host string) []string {
	domains := []string{""}
	registrable := Domain(host)
	if registrable == "" {
		return domains
	}
	domain := host
	for len(domain) > len(registrable) {
		domains = append(domains, domain)
		_, domain, _ = strings.Cut(domain, ".")
	}
	return append(domains, registrable)
}

// pathsAbove returns the Paths of cookies that a browser sends with r.
func pathsAbove(r *http.Request) []string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") && r.URL != nil {
		path = r.URL.EscapedPath()
	}
	paths := []string{"/"}
	for i := 1; i < len(path) && len(paths) < maxForgotten; i++ {
		if path[i] == '/' {
			paths = append(paths, path[:i], path[:i+1])
		}
	}
	if !slices.Contains(paths, path) && strings.HasPrefix(path, "/") && len(path) <= maxCookiePath {
		paths = append(paths, path)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return len(path) > maxCookiePath })
}

// maxCookiePath is the longest attribute that browsers take (RFC 6265bis, section 5.6).
const maxCookiePath = 1024

// hostOf returns the host that r is for, in lower case and without a port.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return strings.ToLower(host)
}

func domainOf(c http.Cookie) string { return strings.ToLower(strings.TrimPrefix(c.Domain, ".")) }
