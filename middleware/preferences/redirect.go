package preferences

import (
	"net/http"
	"net/url"
	"strings"
)

const maxPath = 2048

// isLocalPath reports whether a browser that is redirected to path stays on the host,
// whichever way it reads URLs: the path begins with one slash, and it has no backslash,
// which browsers take for a slash, and no control character, which they leave out.
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

// refererPath returns the path of the page that r comes from if it is on the same host,
// else "/". The scheme is not compared: TLS may end before this process.
func refererPath(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Host != r.Host {
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
