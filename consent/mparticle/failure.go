package mparticle

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Errors of Enqueue, besides those of the consent package. None holds anything of a message but
// the name of a type.
var (
	// ErrUnsupported is the error of a message that mParticle has nothing for.
	ErrUnsupported = errors.New("mparticle: not a message for mParticle")
	// ErrLimit is the error of a message that is over a limit of mParticle.
	ErrLimit = errors.New("mparticle: over a limit of mParticle")
	// ErrID is the error of a message with an id that is not UTF-8, which would be another's in
	// JSON.
	ErrID = errors.New("mparticle: an id is not UTF-8")
)

// Errors of a message that failed.
var (
	errAborted  = errors.New("mparticle: given up, since the client was shut down")
	errTimeout  = errors.New("mparticle: no answer within 10 seconds")
	errExited   = errors.New("mparticle: a function of the Config ended the goroutine")
	errReported = errors.New("mparticle: the server took the request and named errors in it")
	errNoState  = errors.New("mparticle: the message has no consent state")
)

// A statusError is a status other than 202.
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("mparticle: the server answered %d %s", int(e), http.StatusText(int(e)))
}

// isRetried reports whether the same request may succeed later.
func isRetried(err error) bool {
	var status statusError
	if errors.As(err, &status) {
		return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
	}
	return !errors.Is(err, errReported) && !errors.Is(err, errAborted)
}

// isDivided reports whether a part of the request may succeed.
func isDivided(err error) bool {
	return errors.Is(err, statusError(http.StatusBadRequest)) || errors.Is(err, statusError(http.StatusRequestEntityTooLarge))
}

// A transportError hides the text of an error, which may quote the server or the endpoint.
type transportError struct{ err error }

func (e *transportError) Error() string {
	return fmt.Sprintf("mparticle: the request failed with a %T", e.err)
}
func (e *transportError) Unwrap() error { return e.err }

// described returns the error of a transport without what it may quote.
func described(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &transportError{err}
}
