package rudderstacktest

import (
	"io"
	"net/http"

	"github.com/go-consent/segment/internal/loopback"
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
	p.script.Add(faults...)
}

// before does what happens before a request is served, and reports whether it is to be served
// at all.
func (f Fault) before(w http.ResponseWriter, r *http.Request, on *loopback.Server) bool {
	on.Hang(f.Until)
	if f.Reset {
		loopback.Abort()
	}
	if f.Status == 0 {
		return true
	}
	loopback.Refuse(w, r, maxBatchSize, f.Status)
	return false
}

// halfResponse begins a response and does not end it.
func halfResponse(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "16")
	_, _ = io.WriteString(w, "O")
	_ = http.NewResponseController(w).Flush()
	loopback.Abort()
}
