package usprivacy

import (
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

const sale = "sale" // the id of the one thing that a visitor may opt out of

// A Source reads whether a visitor opted out of sale from a cookie with a US Privacy
// string. The zero Source is ready to use. It may be used by many goroutines at once.
type Source struct {
	// Name is the name of the cookie. Zero: both "usprivacy" and "us_privacy"; a denial
	// in either counts.
	Name string

	// Purposes maps "sale" to the site's category. If it is not mapped, the category is
	// "sale". If it is mapped to an empty name, which no policy would know, an opt-out
	// denies everything.
	Purposes map[string]string
}

// Consent returns the opt-out of the request as a denial. Without a cookie, and for a
// string without an opt-out, it is consent.NewState(nil). A cookie that cannot be read
// is an error that wraps [cookie.ErrMalformed], and the State is then All(Denied).
func (s Source) Consent(r *http.Request) (consent.State, error) {
	if s.Name != "" {
		return cookie.Read(r, s.Name, s.Decode)
	}
	specified, err := cookie.Read(r, "usprivacy", s.Decode)
	if err != nil {
		return specified, err
	}
	other, err := cookie.Read(r, "us_privacy", s.Decode)
	return specified.Restrict(other), err
}

// Decode returns the State of a cookie's value. It may be percent-encoded or in double
// quotes.
func (s Source) Decode(value string) (consent.State, error) {
	if len(value) > maxSize {
		return consent.All(consent.Denied), errSyntax
	}
	t, err := Parse(cookie.Unescape(value))
	if err != nil {
		return consent.All(consent.Denied), err
	}
	if t.OptOut != 'Y' {
		return consent.NewState(nil), nil
	}
	category, ok := s.Purposes[sale]
	switch {
	case !ok:
		category = sale
	case strings.TrimSpace(category) == "":
		return consent.All(consent.Denied), nil
	}
	return consent.NewState(map[string]bool{category: false}), nil
}
