package middleware

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/nils"
)

// Errors of the configuration. They do not depend on the content of the request.
var (
	// ErrNoSource is the error of Options without a Source or with a nil one, and
	// of a nil request.
	ErrNoSource = errors.New("middleware: nowhere to read consent from")
	// ErrNoSignal is the error of Options with a nil Signal.
	ErrNoSignal = errors.New("middleware: a Signal is nil")

	errNilRequest = fmt.Errorf("%w: the request is nil", ErrNoSource)
)

// Read returns what the visitor who sent r answered. In this order:
//
//  1. All Sources are read. If one fails, the result is All(Denied) and an error, whatever the
//     others return and whatever Default says. The same holds, without reading any, if there is
//     no Source or a nil one, or a nil Signal.
//  2. Their States are combined with Restrict.
//  3. If that is exactly NewState(nil), and r comes from another site in a way for which browsers
//     do not send the visitor's cookies, the result is All(Denied), without an error.
//  4. If it is exactly NewState(nil) otherwise, Default is called, and its grants are presumed.
//  5. The denials of each Signal are added.
//  6. If the context of r carries a State, as within another middleware of this
//     package, the result restricts it.
//
// About 3: a request of another site has a Sec-Fetch-Site other than same-origin, same-site or
// none. Without that header, which browsers do not send over plain HTTP and older ones never
// send, it has an Origin of another site, or "null". A request within a page of another site may
// have Sec-Fetch-Storage-Access, which counts as well
// (https://privacycg.github.io/storage-access-headers). Browsers send Lax cookies with top-level
// navigations by GET (Sec-Fetch-Mode navigate, Sec-Fetch-Dest document), Strict ones never; see
// Options.SameSite. [cookie.Site] and the Host of r tell whether two hosts are of one site; for a
// request over TLS the Origin has to be https as well.
//
// The error joins and wraps all errors; if it is not nil, the State is All(Denied). Read does not
// change r, and does not call OnError.
func Read(r *http.Request, o Options) (consent.State, error) {
	if r == nil {
		return consent.All(consent.Denied), errNilRequest
	}
	if err := o.check(); err != nil {
		return consent.All(consent.Denied), err
	}
	return o.read(r)
}

// check returns what is wrong with the Options, for any request.
func (o Options) check() error {
	var wrong []error
	if len(o.Sources) == 0 {
		wrong = append(wrong, fmt.Errorf("%w: no Source", ErrNoSource))
	}
	for i, source := range o.Sources {
		if nils.Is(source) {
			wrong = append(wrong, fmt.Errorf("%w: Source %d is nil", ErrNoSource, i))
		}
	}
	return errors.Join(append(wrong, checkSignals(o.Signals))...)
}

func checkSignals(signals []Signal) error {
	var wrong []error
	for i, signal := range signals {
		if signal == nil {
			wrong = append(wrong, fmt.Errorf("%w: Signal %d", ErrNoSignal, i))
		}
	}
	return errors.Join(wrong...)
}

// read is Read with checked Options.
func (o *Options) read(r *http.Request) (consent.State, error) {
	state, err := readSources(r, o.Sources)
	if err != nil {
		return consent.All(consent.Denied), err
	}
	state = o.effective(r, state)
	if outer, ok := consent.Lookup(r.Context()); ok {
		state = outer.Restrict(state)
	}
	return state, nil
}

// Effective returns what counts for a visitor whose Sources together hold answered: 3 to 5
// of [Read]. It is for whoever shows or reports an answer that was just given, which no
// Source holds yet. The Sources of o are not used. Without a request, or with a nil Signal,
// the result is All(Denied).
func Effective(r *http.Request, answered consent.State, o Options) consent.State {
	if r == nil || checkSignals(o.Signals) != nil {
		return consent.All(consent.Denied)
	}
	return o.effective(r, answered)
}

// effective is Effective with Signals that are checked.
func (o *Options) effective(r *http.Request, state consent.State) consent.State {
	if state == consent.NewState(nil) {
		switch {
		case withholdsCookies(r, o.SameSite):
			state = consent.All(consent.Denied)
		case o.Default != nil:
			state = o.Default(r).Presume()
		}
	}
	for _, signal := range o.Signals {
		state = state.Restrict(signal(r).Denials())
	}
	return state
}

// readSources reads all of them even if one fails, so that a log shows everything
// that is wrong with a request.
func readSources(r *http.Request, sources []Source) (consent.State, error) {
	state := consent.NewState(nil)
	var failed []error
	for i, source := range sources {
		answered, err := source.Consent(r)
		if err != nil {
			failed = append(failed, fmt.Errorf("middleware: Source %d, a %T: %w", i, source, err))
			continue
		}
		state = state.Restrict(answered)
	}
	return state, errors.Join(failed...)
}
