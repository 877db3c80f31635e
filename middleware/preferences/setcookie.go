package preferences

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// probe is a request over TLS, so that cookies are Secure by default, to a host that no
// Codec names.
var probe = &http.Request{TLS: new(tls.ConnectionState), Host: "www.preferences.invalid"}

// forHostAlone returns k without a Domain.
func (k kept) forHostAlone() kept {
	lines := make([]string, 0, len(k.lines))
	for _, line := range k.lines {
		parts := strings.Split(line, ";")
		attributes := slices.DeleteFunc(parts[1:], isDomain)
		lines = append(lines, strings.Join(append(parts[:1], attributes...), ";"))
	}
	set := *k.set
	set.Domain = ""
	return kept{lines, &set, k.state}
}

// isDomain reports whether a part of a Set-Cookie line is a Domain attribute, in whatever
// spelling the Codec has for it.
func isDomain(part string) bool {
	name, _, _ := strings.Cut(part, "=")
	return strings.EqualFold(strings.TrimSpace(name), "Domain")
}

// setCookies sets the visitor's cookie and its companion. There is one line for each name
// (RFC 6265, section 4.1.1). Expanded says that the answer has destinations derived from
// categories.
func (h Handler) setCookies(w http.ResponseWriter, public *http.Request, k kept, expanded bool, d denials) {
	for _, line := range k.lines {
		w.Header().Add("Set-Cookie", line)
	}
	companion := *k.set
	companion.Name += companionSuffix
	companion.HttpOnly = true
	if companion.MaxAge > 0 {
		companion.Expires = time.Time{} // MaxAge says the same
	}
	value, ok := d.value(k.state)
	switch {
	case expanded && ok && deniesAny(k.state):
		companion.Value = value
		http.SetCookie(w, &companion)
	case len(cookie.Values(public, companion.Name)) > 0:
		http.SetCookie(w, expired(companion))
	}
}

// expireCookies expires the visitor's cookie, each copy of it, and its companion.
func (h Handler) expireCookies(w http.ResponseWriter, public *http.Request, known vocabulary) error {
	// Expiring needs the same attributes as writing.
	set, _, err := h.sample(public, known)
	if err != nil {
		return err
	}
	if err := h.codec().Forget(w, public); err != nil {
		return err
	}
	if set.Name += companionSuffix; len(cookie.Values(public, set.Name)) > 0 {
		http.SetCookie(w, expired(*set))
	}
	return nil
}

func expired(c http.Cookie) *http.Cookie {
	c.Value, c.MaxAge, c.Expires = "", -1, time.Time{}
	return &c
}

func deniesAny(s consent.State) bool {
	for _, granted := range s.Destinations() {
		if !granted {
			return true
		}
	}
	return false
}
