package consent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/segmentio/analytics-go/v3"
)

// A transport sends the requests of analytics-go. It reads responses to their end,
// since analytics-go leaves the body of a success unread, which costs a connection
// for every request. It can be made to give up, and it turns a panic into an error,
// which analytics-go would recover from without a word about the messages.
type transport struct {
	next  http.RoundTripper // nil: http.DefaultTransport, as it is at the request
	abort context.Context   // done: give up
}

const maxResponse = 64 << 10 // Segment answers with a few bytes

var errAborted = errors.New("consent: given up at the deadline of Shutdown")

func (t *transport) RoundTrip(r *http.Request) (response *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			response, err = nil, fmt.Errorf("consent: the transport panicked with a %T", p)
		}
	}()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(t.abort, func() { cancel(errAborted) })()

	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err = next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, because(ctx, err)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	response.Body.Close()
	if err != nil && response.StatusCode >= 300 {
		return nil, because(ctx, err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// because adds that the transport was made to give up.
func because(ctx context.Context, err error) error {
	if context.Cause(ctx) == errAborted {
		return errAborted
	}
	return err
}

// discreet is a Logger that passes on the type of a message instead of the message,
// which may hold anything about anybody.
type discreet struct{ next analytics.Logger }

func (l discreet) Logf(format string, args ...any)   { l.write(l.next.Logf, format, args) }
func (l discreet) Errorf(format string, args ...any) { l.write(l.next.Errorf, format, args) }

func (discreet) write(to func(string, ...any), format string, args []any) {
	defer func() { _ = recover() }() // there is nowhere left to say it
	told := make([]any, len(args))
	for i, arg := range args {
		if m, ok := arg.(analytics.Message); ok {
			arg = fmt.Sprintf("%T", m)
		}
		told[i] = arg
	}
	to(format, told...)
}
