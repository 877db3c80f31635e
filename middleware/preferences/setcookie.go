package preferences

import (
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// overTLS is a request under which a cookie is secure that is not so by itself.
var overTLS = &http.Request{TLS: new(tls.ConnectionState)}

// cookieName returns the name of the visitor's cookie as it stands in a header, or why
// the Codec can write no cookie at all.
func (h Handler) cookieName() (string, error) {
	c, err := h.Codec.Cookie(overTLS, consent.NewState(nil).WithDestinations(map[string]bool{}))
	if err != nil {
		return "", err
	}
	return c.Name, nil
}

// setCookies sets the visitor's cookie and its companion. There is one line for each name
// (RFC 6265, section 4.1.1), and the answer's is the first. Only a browser that sent
// several copies, which it would go on to send, is told to drop the others.
func (h Handler) setCookies(w http.ResponseWriter, public *http.Request, set *http.Cookie, expanded bool, d denials, state consent.State) {
	http.SetCookie(w, set)
	companion := *set
	companion.Name += companionSuffix
	companion.HttpOnly = true
	if companion.MaxAge > 0 {
		companion.Expires = time.Time{} // the same, said again
	}
	value, ok := d.value(state)
	switch {
	case expanded && ok && deniesAny(state):
		companion.Value = value
		http.SetCookie(w, &companion)
	case len(cookie.Values(public, companion.Name)) > 0:
		http.SetCookie(w, expired(companion, companion.Domain))
	}
	expireCopies(w, public, set)
}

// expireCookies expires the visitor's cookie, each copy of it, and its companion.
func (h Handler) expireCookies(w http.ResponseWriter, public *http.Request) error {
	// Expiring takes the attributes that writing does.
	set, err := h.Codec.Cookie(public, consent.NewState(nil).WithDestinations(map[string]bool{}))
	if err != nil {
		return err
	}
	http.SetCookie(w, expired(*set, set.Domain))
	if set.Domain != "" {
		http.SetCookie(w, expired(*set, ""))
	}
	if name := set.Name + companionSuffix; len(cookie.Values(public, name)) > 0 {
		companion := *set
		companion.Name = name
		http.SetCookie(w, expired(companion, set.Domain))
	}
	return nil
}

// expireCopies expires the copies of a cookie for the host and every domain above it,
// other than the one that is set, if several copies arrived.
func expireCopies(w http.ResponseWriter, public *http.Request, set *http.Cookie) {
	if len(cookie.Values(public, set.Name)) < 2 || set.Domain == "" {
		return
	}
	http.SetCookie(w, expired(*set, ""))
	domain := hostName(public.Host)
	registrable := cookie.Domain(domain)
	for range maxDomains {
		if registrable == "" || len(domain) < len(registrable) {
			return
		}
		if domain != strings.TrimPrefix(set.Domain, ".") {
			http.SetCookie(w, expired(*set, domain))
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
}

// maxDomains limits the domains of a host that may hold a copy.
const maxDomains = 8

func expired(c http.Cookie, domain string) *http.Cookie {
	c.Value, c.MaxAge, c.Expires, c.Domain = "", -1, time.Time{}, domain
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
