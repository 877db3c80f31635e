package cookie

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
)

// lifetime is how long the Consent Manager keeps an answer.
const lifetime = 365 * 24 * time.Hour

// A Codec reads and writes the cookie of the Consent Manager. The zero Codec is
// ready to use, and all methods may be called from many goroutines at once.
type Codec struct {
	// Template holds the name of the cookie, if it is not DefaultName, and the attributes to
	// write it with; those that are set are written unchanged. Its Value is not used. Behind a
	// proxy that terminates TLS, set Secure.
	Template http.Cookie

	// HostOnly writes the cookie for the host of the request, instead of its registrable domain,
	// as a Consent Manager with an empty cookieDomain does. Other hosts of the site do not see it
	// then. The Template must have no Domain. Forget expires a cookie of the domain as well,
	// since a request does not tell the two apart.
	HostOnly bool

	// Order is the order to write names in, for categories and destinations alike: the listed
	// ones first, then the others as in [Encode]. With the site's categories in the order of its
	// Consent Manager, which itself sorts destinations by UTF-16, Write produces the same bytes.
	// Names that are array indexes always come first, as in JavaScript.
	Order []string

	// Categories are all categories of the site: one that an answer leaves out is denied. The
	// Consent Manager itself looks at destinations, and needs no list; a page on Segment's
	// consent-tools, which takes a missing category for a no, does. Empty: missing categories are
	// Unknown.
	Categories []string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if
// there is no cookie.
//
// Names are compared as js-cookie decodes them, except those with the prefix "__Host-" or
// "__Secure-", in any casing: other hosts of the site can set a name that decodes to such a name,
// so the bytes have to be those that Write writes.
//
// Limits, several copies and errors are those of [Read]. Of several copies the script reads the
// first; here a name is Granted only if every copy grants it and Denied if any denies it, and the
// State is marked as asked by destination if any copy is. A copy that [Decode] refuses is an
// error, and so is a Template with a name that is not UTF-8, which no script can read.
func (c Codec) Consent(r *http.Request) (consent.State, error) {
	own := c.name()
	if !utf8.ValidString(own) {
		return consent.All(consent.Denied), errName
	}
	s, err := read(r, scriptTarget(own), Decode)
	return Complete(s, c.Categories), err
}

// Write sets the cookie that holds s.
//
// Unless the Template says otherwise, the cookie lasts 365 days, for the path "/"
// and the registrable domain of the request's host, so that other hosts of the
// site read it too. The domain comes from the public suffix list; there is none
// if the host is an IP address, a single label, a public suffix itself or not a
// host name, if the Codec is HostOnly, or if the name of the cookie has the prefix
// "__Host-". SameSite is Lax. Secure is set if the request came over TLS, or if the cookie's name has
// the prefix "__Host-" or "__Secure-". HttpOnly is never set, since the script
// reads the cookie too.
//
// It is an error that wraps [ErrNotEncodable] if [Encode] refuses s, or if the name or attributes
// are invalid or refused by browsers. Nothing is written then. Browsers refuse SameSite=None and
// Partitioned without Secure, and the prefix "__Host-" with a Domain or another Path than "/"
// (RFC 6265bis, section 5.7). A Template that expires at once is an error too, and so is HostOnly
// with a Domain. Whether the Template's Domain matches the host is not checked.
func (c Codec) Write(w http.ResponseWriter, r *http.Request, s consent.State) error {
	cookie, err := c.Cookie(r, s)
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie)
	return nil
}

// Cookie returns the cookie that [Codec.Write] sets.
func (c Codec) Cookie(r *http.Request, s consent.State) (*http.Cookie, error) {
	cookie := c.Template
	if !utf8.ValidString(c.name()) {
		return nil, notEncodable("a name that is not UTF-8")
	}
	cookie.Name = string(percentEncode(nil, c.name(), nameRaw))
	value, err := encode(cookie.Name, s, c.Order)
	if err != nil {
		return nil, err
	}
	cookie.Value = value
	if err := c.checkDomain(); err != nil {
		return nil, err
	}
	if err := finish(&cookie, r, c.HostOnly); err != nil {
		return nil, err
	}
	return &cookie, nil
}

// checkDomain returns what is wrong with the domain of the cookie.
func (c Codec) checkDomain() error {
	if c.HostOnly && c.Template.Domain != "" {
		return notEncodable("HostOnly with a Domain")
	}
	return nil
}

// storable returns why a browser would not store a cookie.
func storable(cookie *http.Cookie) error {
	switch {
	case cookie.SameSite == http.SameSiteNoneMode && !cookie.Secure:
		return notEncodable("SameSite=None without Secure, which browsers refuse")
	case cookie.Partitioned && !cookie.Secure:
		return notEncodable("Partitioned without Secure, which browsers refuse")
	case hasPrefixFold(cookie.Name, "__Host-") && (cookie.Domain != "" || cookie.Path != "/"):
		return notEncodable(`the prefix "__Host-" with a Domain or another Path than "/", which browsers refuse`)
	case cookie.Valid() != nil:
		return notEncodable("an attribute that a cookie cannot have")
	}
	return nil
}

// prepare fills in the attributes of a cookie that are not set.
func prepare(cookie *http.Cookie, r *http.Request, hostOnly bool) {
	if cookie.Path == "" {
		cookie.Path = "/"
	}
	if cookie.SameSite == 0 {
		cookie.SameSite = http.SameSiteLaxMode
	}
	if r != nil && r.TLS != nil || protected(cookie.Name) {
		cookie.Secure = true
	}
	if cookie.Domain == "" && r != nil && !hostOnly && !hasPrefixFold(cookie.Name, "__Host-") {
		cookie.Domain = Domain(r.Host)
	}
}

func (c Codec) name() string {
	if c.Template.Name == "" {
		return DefaultName
	}
	return c.Template.Name
}
