package delivery

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	maxAttempts    = 10               // as analytics-go makes
	attemptTimeout = 10 * time.Second // likewise
	maxRetryAfter  = 5 * time.Minute
	maxResponse    = 64 << 10 // Segment answers with a few bytes
)

// RoundTrip makes the attempts for the one request of a batch, whatever fails. analytics-go would
// retry by itself, but gives up as soon as it is closed. The context of the request is not used,
// since it ends ten seconds after the first attempt.
//
// Every response but a success becomes an error: net/http would follow a redirect, and
// analytics-go would write the response to its log.
func (b *batch) RoundTrip(r *http.Request) (*http.Response, error) {
	s := b.sender
	for n := 1; ; n++ {
		if wait := time.Until(s.LimitedUntil()); wait > 0 && !s.pause(wait) {
			b.err = abortedAfter(b.err)
			return nil, b.err
		}
		last := s.ending.isLast()
		retryAfter, err := s.attempt(r)
		if err == nil {
			b.err = nil
			s.refusals.Store(0)
			return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: http.NoBody, Request: r}, nil
		}
		b.err = err
		s.log.Errorf("sending %d messages, attempt %d: %v", len(b.items), n, err)
		last = last || n == maxAttempts
		limited := err == statusError(http.StatusTooManyRequests)
		if last && !limited {
			return nil, err
		}
		attempt := n - 1
		if limited { // attempts of other batches were refused, too
			attempt = min(max(attempt, int(s.refusals.Add(1))-1), maxAttempts-1)
		}
		if retryAfter == 0 {
			retryAfter = s.backoff(attempt)
		}
		if limited {
			s.limit(time.Now().Add(retryAfter))
		}
		if last {
			return nil, err
		}
		if !s.pause(retryAfter) {
			b.err = abortedAfter(err)
			return nil, b.err
		}
	}
}

// abortedAfter returns the error of a batch that is given up after one, or before any attempt.
func abortedAfter(err error) error {
	if err == nil {
		return errAborted
	}
	return fmt.Errorf("%w, after: %w", errAborted, err)
}

// limit makes all batches wait, since a server that answers 429 limits whoever has the write
// key, and not a request.
func (s *Sender) limit(until time.Time) {
	for {
		before := s.limited.Load()
		if before != nil && !before.Before(until) || s.limited.CompareAndSwap(before, &until) {
			return
		}
	}
}

// LimitedUntil returns when the next attempt may begin, after an answer of 429, or the zero
// time if there was none.
func (s *Sender) LimitedUntil() time.Time {
	if until := s.limited.Load(); until != nil {
		return *until
	}
	return time.Time{}
}

// backoff returns how long to wait after an attempt, which count from 0, as configured, or else
// as analytics-go does.
func (s *Sender) backoff(attempt int) (wait time.Duration) {
	configured := s.config.Segment.RetryAfter
	if configured == nil {
		return min(100*time.Millisecond<<attempt, 10*time.Second)
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Errorf("RetryAfter panicked with a %T", p)
		}
	}()
	return configured(attempt)
}

// An exchange is one request and its result, on its own goroutine: a transport need not return in
// time, and may end the goroutine.
type exchange struct {
	request *http.Request
	next    http.RoundTripper
	known   chan answer   // gets the answer
	over    chan struct{} // closed when the response has been read too
}

// An answer is the result of an attempt.
type answer struct {
	retryAfter time.Duration // what the server asks for, or 0
	err        error         // nil: the server took the batch
}

// attempt makes one attempt, and returns within attemptTimeout.
func (s *Sender) attempt(r *http.Request) (retryAfter time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(s.abort, attemptTimeout, errTimeout)
	defer cancel()
	body, err := r.GetBody()
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL.String(), body)
	if err != nil {
		return 0, err
	}
	request.Header, request.ContentLength, request.GetBody = r.Header.Clone(), r.ContentLength, r.GetBody

	x := exchange{request, s.config.Segment.Transport, make(chan answer, 1), make(chan struct{})}
	if x.next == nil {
		x.next = http.DefaultTransport // as it is now
	}
	go x.run()
	select {
	case <-x.over:
	case <-ctx.Done():
	}
	select {
	case a := <-x.known:
		return a.retryAfter, a.err
	default:
		return 0, context.Cause(ctx)
	}
}

func (x *exchange) run() {
	defer close(x.over)
	response, a := x.ask()
	x.known <- a
	if response != nil {
		discard(x.request.Context(), response)
	}
}

// ask sends the request. If the transport ends the goroutine, that is the answer.
func (x *exchange) ask() (response *http.Response, a answer) {
	returned := false
	defer func() {
		if p := recover(); p != nil {
			a.err = fmt.Errorf("the transport panicked with a %T", p)
		} else if !returned {
			x.known <- answer{err: errExited}
		}
	}()
	response, err := x.next.RoundTrip(x.request)
	returned = true
	switch {
	case err != nil && x.request.Context().Err() != nil:
		return nil, answer{err: context.Cause(x.request.Context())}
	case err != nil:
		return nil, answer{err: described(err)}
	case response == nil:
		return nil, answer{err: errNoResponse}
	}
	return response, answerOf(response)
}

func answerOf(r *http.Response) answer {
	if r.StatusCode >= 200 && r.StatusCode < 300 {
		return answer{}
	}
	return answer{retryAfter: retryAfter(r.Header.Get("Retry-After"), time.Now()), err: statusError(r.StatusCode)}
}

// discard reads the response to its end, within a limit, so that the connection can be used
// again. The connection of a 101 is no longer HTTP, and has no end.
func discard(ctx context.Context, r *http.Response) {
	if r.Body == nil {
		return
	}
	defer func() { _ = recover() }() // the result is already known
	defer r.Body.Close()
	if r.StatusCode < 200 {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = r.Body.Close() })
	defer stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxResponse))
}

// retryAfter reads the header of that name: seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
