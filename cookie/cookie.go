// Package cookie reads the cookies in which visitors keep their answers, and writes the
// one of Segment's open-source Consent Manager.
//
// [Codec] is for the Consent Manager, in requests and responses: it finds the cookie,
// resolves copies of it, and writes it with the attributes that the Consent Manager's
// script needs. [Decode] and [Encode] are for the value alone.
//
// The sources of other platforms share [Read], and those of the simplest cookies
// [Answers]. [Values] and [Pairs] return any cookie as the browser sent it, also those
// that net/http drops, and [Unescape] decodes most of them.
//
// The script is the authority: what it would not honour is never read as a grant, and
// this package writes what the script would have written. Cookies are not trusted,
// since visitors can set them at will; time and memory are bounded.
package cookie

import (
	"errors"
	"fmt"
)

// DefaultName is the name of the cookie unless the Consent Manager's cookieName
// option says otherwise.
const DefaultName = "tracking-preferences"

// ErrMalformed is the error of a cookie that cannot be read as an answer. The
// errors that wrap it say what is wrong, never what the cookie holds.
var ErrMalformed = errors.New("cookie: malformed preferences")

// ErrNotEncodable is the error of a State or of attributes that a cookie cannot hold.
var ErrNotEncodable = errors.New("cookie: preferences that do not fit a cookie")

// maxSize limits the name and value of a cookie together, in bytes. Browsers
// refuse to store more.
const maxSize = 4096

// A fault is an error that wraps ErrMalformed. The zero fault is no error.
type fault uint8

const (
	errTooLong fault = iota + 1
	errEncoding
	errNoObject
	errSyntax
	errDepth
	errThrows
	errCopies
	errCopiesDiffer
	errName
	errAnswers
)

var faults = [...]string{
	errTooLong:      "longer than a browser stores",
	errEncoding:     "not the percent-encoding of UTF-8",
	errNoObject:     "not a JSON object",
	errSyntax:       "not JSON",
	errDepth:        "JSON nested too deep",
	errThrows:       "destinations that the script throws on",
	errCopies:       "too many copies of the cookie",
	errCopiesDiffer: "copies of the cookie that agree on no answer",
	errName:         "a name that is not UTF-8",
	errAnswers:      "not a JSON object of true and false",
}

func (f fault) Error() string { return ErrMalformed.Error() + ": " + faults[f] }

func (f fault) Unwrap() error { return ErrMalformed }

func notEncodable(why string) error { return fmt.Errorf("%w: %s", ErrNotEncodable, why) }
