package rudderstacktest

import (
	"io"
	"net/http"
)

// A Fault is what goes wrong with one request that brings events. The zero Fault is none. What
// is set happens in the order of the fields.
type Fault struct {
	// Until makes the request hang until it is closed, or until [DataPlane.Stop] is called.
	Until <-chan struct{}

	// Reset breaks the connection. Nothing is taken.
	Reset bool

	// Status is the status to answer with, of 300 or more. Nothing is taken.
	Status int

	// HalfResponse takes the events, and breaks off in the middle of the response. RudderStack's
	// client takes that for success.
	HalfResponse bool
}

// Script adds faults for the requests to come: each takes the next one. When none is left,
// requests are served as they should be.
func (p *DataPlane) Script(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, faults...)
}

func (p *DataPlane) nextFault() (f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	if len(p.faults) > 0 {
		f, p.faults = p.faults[0], p.faults[1:]
	}
	return f
}

// before does what happens before a request is served, and reports whether it is to be served
// at all.
func (f Fault) before(w http.ResponseWriter, r *http.Request, stopped <-chan struct{}) bool {
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-stopped:
			panic(http.ErrAbortHandler) // returning would answer with 200
		}
	}
	if f.Reset {
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		return true
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBatchSize)) // so that the client reads the response
	http.Error(w, http.StatusText(f.Status), f.Status)
	return false
}

// halfResponse begins a response and does not end it.
func halfResponse(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "16")
	_, _ = io.WriteString(w, "O")
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
