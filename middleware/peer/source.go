package peer

import (
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/middleware"
)

// A Source is a [middleware.Source] for a service that your own services call. It reads the
// [Header] of requests from trusted peers; the table in the package documentation says what
// counts when. The zero Source trusts nobody, and denies everything.
//
// Let it be the only Source of its Options: those that read what visitors themselves send
// belong in Visitors. If the Options combined them with [consent.State.Restrict], a cookie
// could grant what the peer's answer leaves unanswered. Nor does such a service need a
// Default, since that of the first service is already in the header; a Default is called
// for every visitor for whom the first service found no answer.
type Source struct {
	// Trusts reports whether a request comes from one of your own services, which set the
	// header itself. Check what a stranger cannot have: a verified client certificate
	// (r.TLS.VerifiedChains), a token of the service, or a listener that only the services
	// reach. Behind a proxy, the remote address is the proxy's, and X-Forwarded-For can be
	// forged. An edge proxy that counts as trusted has to remove the header from visitors'
	// requests. Nil: nobody is.
	Trusts func(r *http.Request) bool

	// Visitors read requests that come straight from visitors, if there are any. All are
	// read, and combined with Restrict. In a request of a trusted peer, who may have passed
	// on the visitor's cookies, their denials count on top of the header.
	Visitors []middleware.Source
}

// Consent returns what the visitor of r answered, according to the peer.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	denied := consent.All(consent.Denied)
	if r == nil {
		return denied, ErrStranger
	}
	values := lines(r.Header)
	trusted := s.Trusts != nil && s.Trusts(r)
	switch {
	case !trusted && (len(values) > 0 || len(s.Visitors) == 0):
		return denied, ErrStranger
	case !trusted:
		return s.visitors(r)
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return denied, ErrNoAnswer
	case len(values) > 1:
		return denied, ErrSeveral
	}
	var state consent.State
	if err := state.UnmarshalText([]byte(values[0])); err != nil {
		return denied, err
	}
	if len(s.Visitors) == 0 {
		return state, nil
	}
	own, err := s.visitors(r)
	if err != nil {
		return denied, err
	}
	return state.Restrict(own.Denials()), nil
}

// visitors returns the combined State of the Visitors.
func (s Source) visitors(r *http.Request) (consent.State, error) {
	state := consent.NewState(nil)
	for _, source := range s.Visitors {
		if nils.Is(source) {
			return consent.All(consent.Denied), middleware.ErrNoSource
		}
		answered, err := source.Consent(r)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		state = state.Restrict(answered)
	}
	return state, nil
}
