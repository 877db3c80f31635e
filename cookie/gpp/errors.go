package gpp

import (
	"fmt"

	"github.com/go-consent/segment/cookie"
)

// ErrUnread is the error of a string with a section in force that nothing reads. It
// wraps [cookie.ErrMalformed].
var ErrUnread = malformed("a GPP section in force that nothing reads")

var (
	errSize     = malformed("a GPP string longer than 16 KiB")
	errHeader   = malformed("not a GPP header")
	errVersion  = malformed("a version of GPP that is not known")
	errIDs      = malformed("too many GPP sections, or an id out of range")
	errCount    = malformed("another number of GPP sections than the header lists")
	errEmpty    = malformed("an empty GPP section")
	errAlphabet = malformed("a GPP section that is not in base64url")
	errLayout   = malformed("a GPP section of a version or length that is not known")
	errValue    = malformed("a GPP section with a value that is not defined")
	errUSP      = malformed("a US Privacy section that is none")
	errInForce  = malformed("a list of GPP sections that is none")
)

func malformed(why string) error { return fmt.Errorf("%w: %s", cookie.ErrMalformed, why) }
