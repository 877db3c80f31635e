package snowplow

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A transport sends the requests of an emitter, one at a time. It returns no error, since the
// tracker would print that, and no status of 3xx, which the tracker takes for success.
type transport struct {
	next    http.RoundTripper
	timeout time.Duration
	abort   context.Context // done: the request ends
	err     error           // why the last request failed, or nil
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (answer *http.Response, _ error) {
	defer func() {
		if p := recover(); p != nil { // it would end the process
			t.err = &failure{text: fmt.Sprintf("the transport panicked with a %T", p), temporary: true}
		}
		status := http.StatusOK
		if t.err != nil {
			status = http.StatusBadGateway
		}
		answer = &http.Response{
			Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: make(http.Header), Body: http.NoBody, Request: r,
		}
	}()
	t.err = t.send(r)
	return nil, nil
}

// maxAnswer is how much of an answer is read, so that the connection can be used again.
const maxAnswer = 64 << 10

func (t *transport) send(r *http.Request) error {
	ctx, cancel := context.WithTimeout(t.abort, t.timeout)
	defer cancel()
	response, err := t.next.RoundTrip(r.WithContext(ctx))
	if err != nil && t.abort.Err() != nil {
		return errAborted
	}
	if err != nil {
		return described(err)
	}
	if response == nil {
		return errNoOutcome
	}
	if response.Body != nil {
		_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // the status counts
		_ = response.Body.Close()
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return answered(response.StatusCode)
	}
	return nil
}
