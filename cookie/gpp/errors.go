package gpp

import (
	"fmt"

	"github.com/go-consent/segment/cookie"
)

// ErrUnread is the error of a string with a section in force that cannot be read
// here. It wraps [cookie.ErrMalformed].
var ErrUnread = malformed("a GPP section in force that cannot be read")

var (
	errSize     = malformed("a GPP string longer than 16 KiB")
	errHeader   = malformed("not a GPP header")
	errVersion  = malformed("an unknown version of GPP")
	errIDs      = malformed("too many GPP sections, or an id out of range")
	errCount    = malformed("the number of GPP sections differs from the header")
	errEmpty    = malformed("an empty GPP section")
	errAlphabet = malformed("a GPP section that is not in base64url")
	errLayout   = malformed("a GPP section of an unknown version or length")
	errValue    = malformed("a GPP section with a value that is not defined")
	errUSP      = malformed("an invalid US Privacy section")
	errInForce  = malformed("an invalid list of GPP sections")
)

func malformed(why string) error { return fmt.Errorf("%w: %s", cookie.ErrMalformed, why) }
