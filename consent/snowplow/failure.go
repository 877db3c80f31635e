package snowplow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

var (
	errNoOutcome = &failure{text: "the request had no outcome", temporary: true}
	errAborted   = &failure{text: "Shutdown ended before the event was sent"}
	errExited    = &failure{text: "a function of the application ended the goroutine that sends"}
)

// A failure is why a request failed. Its text holds nothing of an event, nor of what the
// collector answered.
type failure struct {
	text      string
	temporary bool // it may help to try again
	err       error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

func isTemporary(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.temporary
}

// answered returns the failure of a status.
func answered(status int) error {
	temporary := status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
	return &failure{text: fmt.Sprintf("the collector answered %d %s", status, http.StatusText(status)), temporary: temporary}
}

// described returns the failure of an error, whose text may quote the collector.
func described(err error) error {
	f := &failure{text: fmt.Sprintf("the transport failed with a %T", err), temporary: true, err: err}
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.text = "the collector did not answer in time"
	case errors.As(err, &op): // addresses alone
		f.text = op.Error()
	}
	return f
}
