package mparticletest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-consent/segment/internal/loopback"
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
	s.script.Add(faults...)
}

// before does what happens before a request is served, and reports whether it is to be served
// at all.
func (f Fault) before(w http.ResponseWriter, r *http.Request, on *loopback.Server) bool {
	on.Hang(f.Until)
	if f.Break {
		loopback.Abort()
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
	loopback.Refuse(w, r, 2*maxRequest, f.Status)
	return false
}
