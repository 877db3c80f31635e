package rudderstack

import (
	"errors"
	"fmt"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"
)

var errNoOutcome = errors.New("RudderStack's client did not tell what became of the message")

// A sendError is an error of RudderStack's client. Its text may quote a message, the endpoint
// or the server, and so is not shown.
type sendError struct {
	text string
	err  error
}

func (e *sendError) Error() string { return e.text }
func (e *sendError) Unwrap() error { return e.err }

// described returns the error without what it may quote.
func described(err error) error {
	var status int
	switch {
	case errors.Is(err, rudder.ErrMessageTooBig):
		return analytics.ErrMessageTooBig
	case errors.Is(err, rudder.ErrTooManyRequests):
		return analytics.ErrTooManyRequests
	case errors.Is(err, rudder.ErrClosed):
		return analytics.ErrClosed
	case err == nil:
		return errNoOutcome
	}
	if n, _ := fmt.Sscanf(err.Error(), "%d ", &status); n == 1 {
		return &sendError{fmt.Sprintf("the server answered %d", status), err}
	}
	return &sendError{fmt.Sprintf("RudderStack's client failed with a %T", err), err}
}
