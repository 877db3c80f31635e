package consent_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// A fault is something that goes wrong between a client and Segment.
type fault int32

const (
	noFault     fault = iota
	tooMany           // 429
	badRequest        // 400
	unavailable       // 503
	hang              // no answer until the fault is over
	reset             // the connection is closed in the middle of the request
	redirect          // 307
	halfAnswer        // 200, and then less of a body than announced
	faults
)

func (f fault) String() string {
	return [...]string{"no fault", "429", "400", "503", "hang", "reset", "redirect", "half answer"}[f]
}

// A flaky server counts the messages that it has answered with a success, and has
// one fault at a time.
type flaky struct {
	*httptest.Server
	taken atomic.Int64

	mu    sync.Mutex
	fault fault
	over  chan struct{} // closed when the fault is
}

func newFlaky(t testing.TB) *flaky {
	f := &flaky{over: make(chan struct{})}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.set(noFault)
		f.Server.CloseClientConnections()
		f.Server.Close()
	})
	return f
}

func (f *flaky) set(to fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.over)
	f.fault, f.over = to, make(chan struct{})
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	fault, over := f.fault, f.over
	f.mu.Unlock()
	switch fault {
	case reset:
		hijack(w)
		return
	case hang:
		io.Copy(io.Discard, r.Body)
		select {
		case <-over:
		case <-r.Context().Done():
		}
		hijack(w)
		return
	}
	var batch struct{ Batch []json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	io.Copy(io.Discard, r.Body)
	switch fault {
	case tooMany:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "slow down", http.StatusTooManyRequests)
	case badRequest:
		http.Error(w, "no", http.StatusBadRequest)
	case unavailable:
		http.Error(w, "later", http.StatusServiceUnavailable)
	case redirect:
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case halfAnswer:
		f.taken.Add(int64(len(batch.Batch)))
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"success"`)
	default:
		f.taken.Add(int64(len(batch.Batch)))
		io.WriteString(w, `{"success":true}`)
	}
}

func hijack(w http.ResponseWriter) {
	if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
		c.Close()
	}
}
