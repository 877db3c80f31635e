// Package usprivacy reads the IAB's US Privacy string, four characters that tell whether
// a visitor opted out of the sale of personal data.
//
// # Cookies and options
//
// The specification names the cookie "usprivacy"; "us_privacy" is in use too. The zero
// [Source] reads both. iubenda writes percent-encoded JSON with the string in it under
// the first name, which is read as well. [Source.Purposes] maps the one id, "sale", to
// the site's category.
//
// # What counts as answered
//
// A third character of Y is a denial of "sale". Nothing in a string is a grant: N says
// that the visitor did not opt out, and is also in the strings of visitors who were
// never asked; "-" says that the law does not apply. The other characters, whether there
// was notice and whether the Limited Service Provider Agreement covers the transaction,
// are not answers. What a string leaves out is not denied, so unlike other Sources this
// one has no Categories: a visitor who opted out of sales did not answer about the rest.
//
// Lower-case letters are accepted, beyond the specification. A fifth Y, N or "-", which
// some sites write, is ignored.
//
// # Names
//
//	id    category, for example
//	sale  advertising
//
// # What it cannot see
//
// A string has no date, so an outdated answer is not noticed. The IAB deprecated the
// format in favor of the Global Privacy Platform (package gpp), whose strings may hold
// it as a section.
//
// # Source
//
// "US Privacy String", version 1, in InteractiveAdvertisingBureau/USPrivacy.
package usprivacy

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-consent/segment/cookie"
)

// maxSize limits a value, in bytes, as a cookie is limited.
const maxSize = 4096

var errSyntax = fmt.Errorf("%w: not a US Privacy string", cookie.ErrMalformed)

// A String is a parsed US Privacy string. Each field is 'Y', 'N' or '-'.
type String struct {
	Notice  byte // whether there was notice and the opportunity to opt out
	OptOut  byte // whether the visitor opted out of sale
	Covered byte // whether the Limited Service Provider Agreement covers the transaction
}

// Parse reads a string of version 1, or iubenda's JSON with one, neither of them
// percent-encoded. Any other value is an error that wraps [cookie.ErrMalformed].
func Parse(value string) (String, error) {
	if len(value) > maxSize {
		return String{}, errSyntax
	}
	if strings.HasPrefix(value, "{") {
		var object map[string]any // unlike a struct's, its names are case-sensitive
		if json.Unmarshal([]byte(value), &object) != nil {
			return String{}, errSyntax
		}
		value, _ = object["uspString"].(string)
	}
	const least, most = 4, 5
	if len(value) < least || len(value) > most || value[0] != '1' {
		return String{}, errSyntax
	}
	var flags [most]byte
	for i := 1; i < len(value); i++ {
		switch value[i] {
		case 'Y', 'y':
			flags[i] = 'Y'
		case 'N', 'n':
			flags[i] = 'N'
		case '-':
			flags[i] = '-'
		default:
			return String{}, errSyntax
		}
	}
	return String{flags[1], flags[2], flags[3]}, nil
}
