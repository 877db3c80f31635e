package segmenttest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/go-consent/segment/internal/segment"
)

// A Fault is what goes wrong with one request to the endpoints for events. The zero
// Fault is none. What is set happens in the order of the fields.
type Fault struct {
	// Delay is a pause before anything else.
	Delay time.Duration

	// Until makes the request hang until it is closed, or until the test ends or
	// [Segment.Stop] is called.
	Until <-chan struct{}

	// Reset breaks the connection while the client is sending. Nothing is taken.
	Reset bool

	// Status is the status to answer with, of 300 or more. Nothing is taken.
	Status int

	// RetryAfter is what a Status of 429 says about it, in whole seconds.
	RetryAfter time.Duration

	// HalfResponse takes the events, and breaks off in the middle of the response.
	HalfResponse bool
}

// Script adds faults for the requests to come: each takes the next one, in the order
// in which they arrive at [Segment.URL]. When none is left, requests are served as they should be.
func (s *Segment) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

func (s *Segment) nextFault(on *run) (f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if on != nil && len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

// before does what happens before a request is served, and reports whether it is to
// be served at all.
func (f Fault) before(w http.ResponseWriter, r *http.Request, on *run) bool {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-on.stopped:
			panic(http.ErrAbortHandler) // returning would answer with 200
		}
	}
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-on.stopped:
			panic(http.ErrAbortHandler) // returning would answer with 200
		}
	}
	if f.Reset {
		_, _ = io.ReadFull(r.Body, make([]byte, 16)) // or as much as there is
		hijack(w, on, func(c net.Conn) {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // Close sends a reset
			}
		})
		return false
	}
	if f.Status != 0 {
		if f.Status == http.StatusTooManyRequests {
			seconds := int(f.RetryAfter / time.Second)
			w.Header().Set("Retry-After", fmt.Sprint(seconds))
			w.Header().Set("X-RateLimit-Reset", fmt.Sprint(seconds))
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, segment.MaxBatchSize)) // so that the client reads the response
		http.Error(w, http.StatusText(f.Status), f.Status)
		return false
	}
	return true
}

// halfResponse begins a response and does not end it.
func halfResponse(w http.ResponseWriter, on *run) {
	hijack(w, on, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"succ")
	})
}

// hijack takes the connection from the server, and closes it. The server no longer
// counts it, so it is done here.
func hijack(w http.ResponseWriter, on *run, do func(net.Conn)) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the connection is gone
	}
	defer on.connections.Done()
	defer c.Close()
	do(c)
}
