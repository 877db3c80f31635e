package cookie

import (
	"iter"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
)

const (
	// maxCopies limits the cookies of one name in a request. Browsers send one for
	// each domain and path it was set for.
	maxCopies = 8
	// lifetime is how long the Consent Manager keeps an answer.
	lifetime = 365 * 24 * time.Hour
)

// A Codec reads and writes the cookie of the Consent Manager. The zero Codec is
// ready to use, and all methods may be called from many goroutines at once.
type Codec struct {
	// Template holds the name of the cookie, if it is not DefaultName, and the
	// attributes to write it with; what is set here is written as it is. Its
	// Value is not used. Behind a proxy that ends TLS, set Secure.
	Template http.Cookie

	// Order is the order to write names in, for categories and destinations alike:
	// the listed ones first, then the others as [Encode] has them. With the site's
	// categories in the order of its Consent Manager, which puts destinations in
	// the order of their UTF-16 itself, Write repeats its bytes. Names that are array
	// indexes come first whatever is listed, since they do so in JavaScript.
	Order []string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if
// there is no cookie.
//
// Names are compared as js-cookie decodes them. A browser may send several
// copies, of which the script reads the first; here a name is Granted only where
// every copy grants it and Denied where any denies it, and the State is marked as
// asked by destination if any copy is.
//
// An error wraps [ErrMalformed], and the State is All(Denied): if any of the
// copies is malformed (see [Decode]) or its name and value are over 4096 bytes,
// or if there are more than 8. A Template with a name that is not UTF-8, which no
// script can read, is such an error too.
func (c Codec) Consent(r *http.Request) (consent.State, error) {
	own := c.name()
	if !utf8.ValidString(own) {
		return consent.All(consent.Denied), errName
	}
	var held [maxCopies]consent.State
	copies := held[:0]
	for name, value := range pairs(r) {
		if !named(name, own) {
			continue
		}
		if len(copies) == maxCopies {
			return consent.All(consent.Denied), errCopies
		}
		if len(name)+len(value) > maxSize {
			return consent.All(consent.Denied), errTooLong
		}
		s, err := Decode(value)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		copies = append(copies, s)
	}
	switch len(copies) {
	case 0:
		return consent.NewState(nil), nil
	case 1:
		return copies[0], nil
	default:
		return agreement(copies), nil
	}
}

// agreement combines what several copies of a cookie say.
func agreement(copies []consent.State) consent.State {
	s := consent.NewState(agreed(copies, consent.State.Categories))
	for _, c := range copies {
		if c.AskedByDestination() {
			return s.WithDestinations(agreed(copies, consent.State.Destinations))
		}
	}
	return s
}

func agreed(copies []consent.State, answers func(consent.State) iter.Seq2[string, bool]) map[string]bool {
	grants := make(map[string]int)
	all := make(map[string]bool)
	for _, s := range copies {
		for name, granted := range answers(s) {
			if granted {
				grants[name]++
			} else {
				all[name] = false
			}
		}
	}
	for name, n := range grants {
		if n == len(copies) {
			all[name] = true
		}
	}
	return all
}

// Write sets the cookie that holds s.
//
// Unless the Template says otherwise, the cookie lasts 365 days, for the path "/"
// and the registrable domain of the request's host, so that other hosts of the
// site read it too. The domain comes from the public suffix list; there is none
// if the host is an IP address, a single label, a public suffix itself or not a
// host name, or if the name of the cookie has the prefix "__Host-". SameSite is
// Lax. Secure is set if the request came over TLS, or if the cookie's name has
// the prefix "__Host-" or "__Secure-". HttpOnly is never set, since the script
// reads the cookie too.
//
// What [Encode] refuses, and attributes or a name that a cookie cannot have, are
// errors that wrap [ErrNotEncodable]. Nothing is written then.
func (c Codec) Write(w http.ResponseWriter, r *http.Request, s consent.State) error {
	cookie := c.Template
	if !utf8.ValidString(c.name()) {
		return notEncodable("a name that is not UTF-8")
	}
	cookie.Name = string(percentEncode(nil, c.name(), nameRaw))
	value, err := encode(cookie.Name, s, c.Order)
	if err != nil {
		return err
	}
	cookie.Value, cookie.Quoted = value, false
	if cookie.MaxAge == 0 && cookie.Expires.IsZero() {
		cookie.MaxAge = int(lifetime / time.Second)
		cookie.Expires = time.Now().Add(lifetime)
	}
	prepare(&cookie, r)
	if cookie.Valid() != nil {
		return notEncodable("an attribute that a cookie cannot have")
	}
	http.SetCookie(w, &cookie)
	return nil
}

// prepare fills in the attributes of a cookie that are not set.
func prepare(cookie *http.Cookie, r *http.Request) {
	if cookie.Path == "" {
		cookie.Path = "/"
	}
	if cookie.SameSite == 0 {
		cookie.SameSite = http.SameSiteLaxMode
	}
	host := hasPrefixFold(cookie.Name, "__Host-")
	if r != nil && r.TLS != nil || host || hasPrefixFold(cookie.Name, "__Secure-") {
		cookie.Secure = true
	}
	if cookie.Domain == "" && r != nil && !host {
		cookie.Domain = registrableDomain(r.Host)
	}
}

func (c Codec) name() string {
	if c.Template.Name == "" {
		return DefaultName
	}
	return c.Template.Name
}

// named reports whether js-cookie decodes the raw name of a cookie to name.
func named(raw, name string) bool {
	if strings.IndexByte(raw, '%') < 0 {
		return raw == name
	}
	if len(raw) > 3*len(name) {
		return false // too long even if every byte is escaped
	}
	decoded, ok := percentDecode(nil, raw)
	return ok && string(decoded) == name
}

// hasPrefixFold is like strings.HasPrefix, in any casing: browsers look for the
// prefixes of cookie names that way.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
