package mparticletest

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// A Fault is what goes wrong with one request. The zero Fault is none. What is set happens in
// the order of the fields.
type Fault struct {
	// Until makes the request hang until it is closed, or until [Server.Stop] is called.
	Until <-chan struct{}

	// Break breaks the connection. Nothing is taken.
	Break bool

	// Status is the status to answer with, such as 429 or 503. Nothing is taken.
	Status int

	// RetryAfter is what a Status says about it, in whole seconds. Less than one: nothing.
	RetryAfter time.Duration

	// NoResponse takes the batches, and breaks the connection instead of answering.
	NoResponse bool
}

// Script adds faults for the requests to come: each takes the next one. When none is left,
// requests are served as they should be.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

func (s *Server) nextFault() (f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

// before does what happens before a request is served, and reports whether it is to be served
// at all.
func (f Fault) before(w http.ResponseWriter, r *http.Request, on *run) bool {
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-on.stopped:
			panic(http.ErrAbortHandler)
		}
	}
	if f.Break {
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		return true
	}
	if f.RetryAfter >= time.Second {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	if f.Status == http.StatusTooManyRequests {
		w.Header().Set("X-mp-rate-limit-exceeded", "workspace")
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 2*maxRequest)) // so that the client reads the response
	w.WriteHeader(f.Status)
	return false
}
