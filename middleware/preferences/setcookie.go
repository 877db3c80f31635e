package preferences

import (
	"crypto/tls"
	"net/http"
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
// (RFC 6265, section 4.1.1). Expanded says that the answer has destinations that came of
// categories.
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
		http.SetCookie(w, expired(companion))
	}
}

// expireCookies expires the visitor's cookie, each copy of it, and its companion.
func (h Handler) expireCookies(w http.ResponseWriter, public *http.Request) error {
	// Expiring takes the attributes that writing does.
	set, err := h.Codec.Cookie(public, consent.NewState(nil).WithDestinations(map[string]bool{}))
	if err != nil {
		return err
	}
	if err := h.Codec.Forget(w, public); err != nil {
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
