// Package adroll reads what a visitor answered in the banner of AdRoll (NextRoll).
//
// # The cookie
//
// __adroll_consent, whose name is fixed, holds a TC string of the IAB's framework and an
// id, with "#" between them. __adroll_consent_params is there while the banner waits for an
// answer, and is not an answer.
//
// # Answers that are out of date
//
// The Source of the tcf package checks the age and versions of the TC string: see its
// MaxAge and MinPolicyVersion.
//
// # What it cannot see
//
// The strings have the CMP id 0, though AdRoll's is 54: the id does not identify them as
// AdRoll's.
//
// # Names
//
// Purposes and vendors are the framework's, and TCF maps them.
//
// # Where the rules come from
//
// Cookies of live sites and the script that writes them. The cookie is not documented.
package adroll

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// ErrUnread is the error of an answer if the Source has no TCF to read it. It wraps
// [cookie.ErrMalformed].
var ErrUnread = fmt.Errorf("%w: __adroll_consent has a TC string, but the Source has no TCF", cookie.ErrMalformed)

var errParts = fmt.Errorf("%w: __adroll_consent is not a TC string and an id", cookie.ErrMalformed)

// A Source reads the answer from AdRoll's cookie. Without TCF, an answer is the error
// ErrUnread, and denied. A Source may be used by many goroutines at once.
type Source struct {
	// TCF reads the TC string; use the Decode of a tcf.Source.
	TCF func(value string) (consent.State, error)

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return cookie.Read(r, "__adroll_consent", func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		if s.TCF == nil {
			return consent.All(consent.Denied), ErrUnread
		}
		state, err := s.TCF(a.TCString)
		if err != nil {
			return consent.All(consent.Denied), fmt.Errorf("adroll: the TC string: %w", err)
		}
		return cookie.Complete(state, s.Categories), nil
	})
}

// An Answer is the content of the cookie.
type Answer struct {
	TCString string // of the IAB's framework, not yet read
	ID       string
}

// Parse splits the value of the cookie, encoded or not. One without a TC string, "#" and
// an id is an error that wraps [cookie.ErrMalformed].
func Parse(value string) (Answer, error) {
	tc, id, _ := strings.Cut(cookie.Unescape(value), "#")
	if tc == "" || id == "" {
		return Answer{}, errParts
	}
	return Answer{TCString: tc, ID: id}, nil
}
