package cookie

import (
	"net/http"
	"slices"
	"time"
)

// Set sets cookies that the page's scripts read too, with missing attributes filled in as
// by [Codec.Write]. It is for packages that write the cookies of another platform. The
// value is written unchanged, so it must be percent-encoded if the platform's script
// decodes it.
//
// An invalid name, value or attribute, or a name and value over the 4096 bytes that
// browsers store, is an error that wraps [ErrNotEncodable]. Nothing is written then.
func Set(w http.ResponseWriter, r *http.Request, cookies ...http.Cookie) error {
	finished := slices.Clone(cookies)
	for i := range finished {
		if err := finish(&finished[i], r, false); err != nil {
			return err
		}
	}
	for i := range finished {
		http.SetCookie(w, &finished[i])
	}
	return nil
}

// finish fills in the missing attributes of a cookie, and returns why a browser would not
// store it.
func finish(c *http.Cookie, r *http.Request, hostOnly bool) error {
	c.Quoted = false
	if c.MaxAge < 0 || c.MaxAge == 0 && !c.Expires.IsZero() && !c.Expires.After(time.Now()) {
		return notEncodable("a cookie that expires at once")
	}
	if c.MaxAge == 0 && c.Expires.IsZero() {
		c.MaxAge = int(lifetime / time.Second)
		c.Expires = time.Now().Add(lifetime)
	}
	prepare(c, r, hostOnly)
	if len(c.Name)+len(c.Value) > maxSize {
		return notEncodable("longer than a browser stores")
	}
	return storable(c)
}

// Unset expires a cookie that Set has set and the copies of it in r, as [Codec.Forget]
// does, with its errors.
func Unset(w http.ResponseWriter, r *http.Request, c http.Cookie) error {
	return forget(w, r, c, sameName(r, c.Name), false)
}
