package cookie

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
)

// maxCopies limits the cookies of one name in a request. Browsers send one for each
// domain and path it was set for.
const maxCopies = 8

// Read returns the answer in the request's cookies of that name, or consent.NewState(nil) if
// there is none. Every source that reads a cookie shares it: the search, the limits, and how
// several copies are combined.
//
// The name is compared byte for byte with the one in the header. decode gets the raw value, as
// [Values] returns it; see [Unescape]. It is called once for each copy, with at most 4096
// untrusted bytes: it must not panic, and its errors must not contain the value. It returns
// consent.NewState(nil) for a cookie that holds no answer yet.
//
// A browser may send several copies of a cookie. Their States are combined by
// [consent.State.Agree]: granted is what every copy grants, denied what any denies.
//
// An error wraps [ErrMalformed], and the State is then All(Denied). It is an error if copies with
// answers agree on none, which must not read as no answer; if there are more than 8 copies; if
// the name and value of one are over 4096 bytes, which browsers do not store; or if decode
// returns an error, which is wrapped too.
func Read(r *http.Request, name string, decode func(value string) (consent.State, error)) (consent.State, error) {
	return read(r, target{name, true}, decode)
}

// read is Read for the cookies that match a target.
func read(r *http.Request, wanted target, decode func(string) (consent.State, error)) (consent.State, error) {
	agreed, copies, answered := consent.NewState(nil), 0, false
	for name, value := range Pairs(r) {
		if !wanted.matches(name) {
			continue
		}
		if copies++; copies > maxCopies {
			return consent.All(consent.Denied), errCopies
		}
		if len(name)+len(value) > maxSize {
			return consent.All(consent.Denied), errTooLong
		}
		s, err := decode(value)
		if err != nil {
			return consent.All(consent.Denied), malformed(err)
		}
		if copies > 1 {
			answered = answered || agreed.Answered() || s.Answered()
			s = agreed.Agree(s)
		}
		agreed = s
	}
	if answered && agreed == consent.NewState(nil) {
		return consent.All(consent.Denied), errCopiesDiffer
	}
	return agreed, nil
}

// malformed returns err, wrapped in ErrMalformed if it is not yet.
func malformed(err error) error {
	if errors.Is(err, ErrMalformed) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}
