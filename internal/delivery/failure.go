package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/segmentio/analytics-go/v3"
)

// A statusError is a status other than success.
type statusError int

func (e statusError) Error() string {
	text := http.StatusText(int(e)) // not the server's own
	if e >= 300 && e < 400 {
		return fmt.Sprintf("the server answered %d %s: redirects are not followed", int(e), text)
	}
	return fmt.Sprintf("the server answered %d %s", int(e), text)
}

// A sendError is an error of a transport whose text may quote the server, as that of
// net/http does for a malformed response.
type sendError struct{ err error }

func (e *sendError) Error() string { return fmt.Sprintf("the transport failed with a %T", e.err) }
func (e *sendError) Unwrap() error { return e.err }

// described returns the error, or one that hides its text.
func described(err error) error {
	if isOurs(err) {
		return err
	}
	var u *url.Error
	if errors.As(err, &u) { // quotes the endpoint, and perhaps a place to redirect to
		return described(u.Err)
	}
	if isLocal(err) {
		return err
	}
	return &sendError{err}
}

func isOurs(err error) bool {
	switch err {
	case errAborted, errTimeout, errNoResponse, errExited, errNoOutcome,
		analytics.ErrClosed, analytics.ErrMessageTooBig, analytics.ErrTooManyRequests:
		return true
	}
	switch err.(type) {
	case statusError, *sendError:
		return true
	}
	return false
}

// isLocal reports whether the text of the error was made locally, from nothing but
// addresses and certificates.
func isLocal(err error) bool {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if err == known {
			return true
		}
	}
	switch err := err.(type) {
	case *net.OpError, *net.DNSError, *tls.CertificateVerificationError, tls.RecordHeaderError:
		return true
	case net.Error:
		return err.Timeout() // those of net/http have fixed texts
	}
	return false
}
