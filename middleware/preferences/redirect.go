package preferences

import (
	"net/http"
	"net/url"
	"strings"
)

const maxPath = 2048

// isLocalPath reports whether a browser that is redirected to path stays on the host:
// the path begins with exactly one slash, and has no backslash, which browsers treat as
// a slash, and no control character, which they drop.
func isLocalPath(path string) bool {
	if len(path) > maxPath || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return false
	}
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}

// pageOrigin returns the origin of the page that r comes from if it is another origin
// that CrossOrigin allows, else "".
func (h Handler) pageOrigin(r *http.Request) string {
	if h.CrossOrigin == nil || len(r.Header.Values("Origin")) != 1 {
		return ""
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return ""
	}
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == r.Host || origin != u.Scheme+"://"+u.Host || !isLocalPath("/"+u.Host) {
		return ""
	}
	return origin
}

// refererPath returns the path of the page that r comes from if it is on that host,
// else "/". The scheme is not compared: a proxy may terminate TLS.
func refererPath(r *http.Request, host string) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Host != host {
		return "/"
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if !isLocalPath(path) {
		return "/"
	}
	return path
}
