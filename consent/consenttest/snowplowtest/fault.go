package snowplowtest

import (
	"io"
	"net"
	"net/http"

	"github.com/go-consent/segment/internal/loopback"
)

// A Fault is what goes wrong with one request to the collector. The zero Fault is none.
type Fault struct {
	// Until makes the request hang until it is closed, or until Stop.
	Until <-chan struct{}

	// Reset breaks the connection while the client is sending. Nothing is taken.
	Reset bool

	// Status is the status to answer with, of 300 or more. Nothing is taken. One below 400
	// points to an address that answers with 200 and takes nothing.
	Status int

	// Lost takes the events and breaks the connection instead of answering.
	Lost bool
}

// Script adds faults for the requests to come: each takes the next one. When none is left,
// requests are served as they should be.
func (s *Snowplow) Script(faults ...Fault) {
	s.script.Add(faults...)
}

// happens reports whether the fault ends the request before anything is taken.
func (f Fault) happens(w http.ResponseWriter, r *http.Request, on *loopback.Server) bool {
	on.Hang(f.Until)
	if f.Reset {
		_, _ = io.ReadFull(r.Body, make([]byte, 16)) // or as much as there is
		breakOff(w)
	}
	if f.Status == 0 {
		return false
	}
	if f.Status < 400 {
		w.Header().Set("Location", elsewhere)
	}
	loopback.Refuse(w, r, 1<<20, f.Status)
	return true
}

// breakOff resets the connection.
func breakOff(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		loopback.Abort()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close sends a reset
	}
	_ = c.Close()
	loopback.Abort()
}
