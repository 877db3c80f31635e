// Package headers has a response of which only the headers are kept.
package headers

import "net/http"

// A Writer is a [http.ResponseWriter] that only has headers.
type Writer http.Header

// Header returns the headers of w.
func (w Writer) Header() http.Header { return http.Header(w) }

// Write drops p.
func (w Writer) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader does nothing.
func (w Writer) WriteHeader(int) {}
