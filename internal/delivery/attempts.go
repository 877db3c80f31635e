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

// RoundTrip makes the attempts for the one request of a batch, whatever it is that fails.
// analytics-go would try again by itself, but gives up as soon as it is closed. The context of the request is not
// used, since it ends ten seconds after the first attempt.
//
// Whatever is not a success is returned as an error: net/http would follow a redirect, and
// analytics-go would write the response to its log.
func (b *batch) RoundTrip(r *http.Request) (*http.Response, error) {
	s := b.sender
	for n := 1; ; n++ {
		last := s.ending.isLast()
		retryAfter, err := s.attempt(r)
		if err == nil {
			b.err = nil
			return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: http.NoBody, Request: r}, nil
		}
		b.err = err
		s.log.Errorf("sending %d messages, attempt %d: %v", len(b.items), n, err)
		if last || n == maxAttempts {
			return nil, err
		}
		if retryAfter == 0 {
			retryAfter = s.backoff(n - 1)
		}
		if !s.pause(retryAfter) {
			b.err = errAborted
			return nil, errAborted
		}
	}
}

// backoff returns how long to wait after an attempt, which count from 0, by the
// configuration or else as analytics-go does.
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

// An answer is what an attempt came to.
type answer struct {
	retryAfter time.Duration // what the server asks for, or 0
	err        error         // nil: the server took the batch
}

// attempt makes one attempt. It returns in time even if the transport does not: that runs
// on another goroutine, which a transport may also end.
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

	answers := make(chan answer, 1)
	go s.exchange(request, answers)
	select {
	case a := <-answers:
		return a.retryAfter, a.err
	case <-ctx.Done():
	}
	select {
	case a := <-answers: // at the last moment
		return a.retryAfter, a.err
	default:
		return 0, context.Cause(ctx)
	}
}

// exchange sends the request and its answer.
func (s *Sender) exchange(r *http.Request, answers chan<- answer) {
	a := answer{err: errExited}
	defer func() {
		if p := recover(); p != nil {
			a.err = fmt.Errorf("the transport panicked with a %T", p)
		}
		answers <- a
	}()
	next := s.config.Segment.Transport
	if next == nil {
		next = http.DefaultTransport // as it is now
	}
	response, err := next.RoundTrip(r)
	switch {
	case err != nil && r.Context().Err() != nil:
		a.err = context.Cause(r.Context())
	case err != nil:
		a.err = described(err)
	case response == nil:
		a.err = errNoResponse
	default:
		a = answerOf(response)
		discard(r.Context(), response)
	}
}

func answerOf(r *http.Response) answer {
	if r.StatusCode >= 200 && r.StatusCode < 300 {
		return answer{}
	}
	return answer{retryAfter: retryAfter(r.Header.Get("Retry-After"), time.Now()), err: statusError(r.StatusCode)}
}

// discard reads the response to its end, within a limit, so that the connection can be
// used again. The connection of a 101 is no longer one of HTTP, and has no end.
func discard(ctx context.Context, r *http.Response) {
	if r.Body == nil {
		return
	}
	defer func() { _ = recover() }() // the answer is known by now
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
