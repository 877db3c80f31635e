package preferences

import (
	"io"
	"net/http"
	"strconv"
)

// A refusal says why a request changes nothing.
type refusal struct {
	status int
	reason string // nothing that the request holds
}

func refused(status int, reason string) *refusal { return &refusal{status, reason} }

// write writes the refusal, with its length, so that the browser has all of it once it
// is flushed.
func (f *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(f.reason)+len("\n")))
	w.WriteHeader(f.status)
	_, _ = io.WriteString(w, f.reason+"\n") // the visitor may be gone
}
