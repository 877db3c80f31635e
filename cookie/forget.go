package cookie

import (
	"net/http"
	"time"
	"unicode/utf8"
)

// Forget expires the cookie of the Consent Manager: the one that [Codec.Write] sets, and
// the one for the request's host alone; if r has several, also those that
// [Codec.ForgetCopies] expires. The visitor is asked again.
//
// An invalid name or attribute is an error that wraps [ErrNotEncodable]. Nothing is
// written then.
func (c Codec) Forget(w http.ResponseWriter, r *http.Request) error {
	if !utf8.ValidString(c.name()) {
		return notEncodable("a name that is not UTF-8")
	}
	cookie := c.Template
	cookie.Name = string(percentEncode(nil, c.name(), nameRaw))
	if err := c.checkDomain(); err != nil {
		return err
	}
	return forget(w, r, cookie, c.brought(r, cookie.Name), c.HostOnly)
}

// forget expires a cookie and the copies under the names in r.
func forget(w http.ResponseWriter, r *http.Request, cookie http.Cookie, names []string, hostOnly bool) error {
	if err := expire(w, r, cookie); err != nil || r == nil {
		return err
	}
	prepare(&cookie, r, hostOnly)
	forgetCopies(w, r, cookie, names, func(name, domain, path string) bool {
		return name == cookie.Name && path == cookie.Path && (domain == "" || domain == domainOf(cookie))
	})
	return nil
}

// ForgetIdentity expires the cookies in which analytics.js keeps the ids of a visitor,
// ajs_anonymous_id and ajs_user_id, if r has them: those for the path "/" and the
// request's host or its registrable domain, where analytics.js sets them by default.
//
// A page that runs analytics.js has a copy in localStorage, and restores the cookie from
// it; only analytics.reset() in the page removes that.
func ForgetIdentity(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{anonymousIDName, userIDName} {
		if len(Values(r, name)) > 0 {
			_ = expire(w, r, http.Cookie{Name: name}) // a name that a cookie can have
		}
	}
}

// expire expires a cookie for its Domain, or else the registrable domain of the
// request's host, and for the host alone.
func expire(w http.ResponseWriter, r *http.Request, cookie http.Cookie) error {
	prepare(&cookie, r, false)
	if err := storable(expired(&cookie)); err != nil {
		return err
	}
	http.SetCookie(w, &cookie)
	if cookie.Domain != "" {
		cookie.Domain = ""
		http.SetCookie(w, &cookie)
	}
	return nil
}

// expired makes cookie one that the browser drops.
func expired(cookie *http.Cookie) *http.Cookie {
	cookie.Value, cookie.Quoted = "", false
	cookie.MaxAge, cookie.Expires = -1, time.Time{}
	return cookie
}
