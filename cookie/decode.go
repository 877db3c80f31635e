package cookie

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/memo"
)

// Decode returns the answer in the value of a cookie, as the Consent Manager's
// script reads it, or more strictly.
//
// Only a literal true is a grant and only a literal false a denial. The script takes
// any other value for one of them; here it is no answer. The version and unknown
// keys are ignored. If the destinations are an object or an array, the State is
// marked as asked by destination.
//
// A value that is not a JSON object in UTF-8, that js-cookie could not decode, on
// which the script would throw, that is longer than 4096 bytes or nested deeper
// than 16 levels is an error that wraps [ErrMalformed]; the State is then
// All(Denied). The formats follow js-cookie 2.2.1 and @segment/consent-manager
// 5.8.1.
func Decode(value string) (consent.State, error) {
	if len(value) > maxSize {
		return consent.All(consent.Denied), errTooLong
	}
	d, ok, again := seen.Get(value)
	if ok {
		return d.state, d.err
	}
	s, err := decode(value)
	if len(value)+len(s.String()) <= maxSeen && again {
		seen.Put(strings.Clone(value), decoded{s, err})
	}
	return s, err
}

// seen caches the States of values that were decoded twice: a visitor sends the
// cookie with every request, and most visitors give one of a few answers.
var seen = memo.New[string, decoded](4<<20, maxSeen+128)

const maxSeen = 2<<10 - 128 // bytes, of a value and its State

type decoded struct {
	state consent.State
	err   error
}

func decode(value string) (consent.State, error) {
	if !utf8.ValidString(value) {
		return consent.All(consent.Denied), errEncoding
	}
	// Enough space for most cookies, off the heap; append finds more for the others.
	var lists [1280]byte
	p, err := readPreferences(value, preferences{custom: lists[:0:256], destinations: lists[256:256]})
	if err != nil {
		return consent.All(consent.Denied), err
	}
	s, err := p.state()
	if err != nil {
		return consent.All(consent.Denied), fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return s, nil
}
