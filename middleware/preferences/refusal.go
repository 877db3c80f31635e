package preferences

import "net/http"

// A refusal says why a request changes nothing.
type refusal struct {
	status int
	reason string // nothing that the request holds
}

func refused(status int, reason string) *refusal { return &refusal{status, reason} }

func (f *refusal) write(w http.ResponseWriter) { http.Error(w, f.reason, f.status) }
