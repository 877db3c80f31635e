package mparticle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	maxAttempts    = 10
	attemptTimeout = 10 * time.Second
	maxRetryAfter  = 5 * time.Minute
	maxBackoff     = 30 * time.Second
	maxResponse    = 64 << 10
)

// deliver sends the batches, and notes in each what failed.
func (s *sender) deliver(batches []*batch) {
	err := s.try(request(batches))
	if half := len(batches) / 2; half > 0 && isDivided(err) {
		s.deliver(batches[:half])
		s.deliver(batches[half:])
		return
	}
	for _, b := range batches {
		b.err = err
	}
}

// try makes the attempts for a request.
func (s *sender) try(body []byte) error {
	for n := 1; ; n++ {
		if s.abort.Err() != nil {
			return errAborted
		}
		last := s.isLast()
		retryAfter, err := s.attempt(body)
		if err == nil {
			return nil
		}
		s.logf("mparticle: attempt %d: %v", n, err)
		if last || n == maxAttempts || !isRetried(err) {
			return err
		}
		if retryAfter == 0 {
			retryAfter = s.backoff(n - 1)
		}
		if !s.pause(retryAfter) {
			return fmt.Errorf("%w, after: %w", errAborted, err)
		}
	}
}

func (s *sender) logf(format string, args ...any) {
	defer func() { _ = recover() }() // there is nowhere left to report it
	s.config.Logf(format, args...)
}

func (s *sender) backoff(attempt int) (wait time.Duration) {
	if s.config.RetryAfter == nil {
		return rand.N(min(time.Second<<attempt, maxBackoff))
	}
	defer func() {
		if p := recover(); p != nil {
			s.logf("mparticle: RetryAfter panicked with a %T", p)
		}
	}()
	return s.config.RetryAfter(attempt)
}

// An answer is the result of an attempt.
type answer struct {
	retryAfter time.Duration // what the server asks for, or 0
	err        error
}

// attempt makes one attempt, and returns in time also if the transport does not.
func (s *sender) attempt(body []byte) (retryAfter time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(s.abort, attemptTimeout, errTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.config.url(), bytes.NewReader(body))
	if err != nil {
		return 0, described(ctx, err)
	}
	r.SetBasicAuth(s.config.Key, s.config.Secret)
	r.Header.Set("Content-Type", "application/json")
	known := make(chan answer, 1)
	go s.ask(r, known)
	select {
	case a := <-known:
		return a.retryAfter, a.err
	case <-ctx.Done():
	}
	select {
	case a := <-known: // at the last moment
		return a.retryAfter, a.err
	default:
		return 0, context.Cause(ctx)
	}
}

// ask sends the request. A transport may panic, or end the goroutine.
func (s *sender) ask(r *http.Request, known chan<- answer) {
	a := answer{err: errors.New("mparticle: the transport did not return")}
	defer func() {
		if p := recover(); p != nil {
			a = answer{err: fmt.Errorf("mparticle: the transport panicked with a %T", p)}
		}
		known <- a
	}()
	transport := s.config.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	response, err := transport.RoundTrip(r)
	switch {
	case err != nil:
		a.err = described(r.Context(), err)
	case response == nil || response.Body == nil:
		a.err = errors.New("mparticle: the transport returned no response")
	default:
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxResponse)) // the status counts
		a = answerOf(response, text)
	}
}

// answerOf judges a response.
func answerOf(r *http.Response, body []byte) answer {
	if r.StatusCode != http.StatusAccepted {
		return answer{retryAfter(r.Header.Get("Retry-After"), time.Now()), statusError(r.StatusCode)}
	}
	var named struct{ Errors []json.RawMessage }
	if json.Unmarshal(body, &named) == nil && len(named.Errors) > 0 {
		return answer{err: errReported}
	}
	return answer{}
}

// retryAfter reads the header of that name: seconds, or a date (RFC 9110, section 10.2.3).
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
