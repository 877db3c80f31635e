package mparticletest

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/go-consent/segment/internal/loopback"
)

// A refusal is the response to what is not taken.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

func badRequest(format string, args ...any) error {
	return refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func (s *Server) serve(on *loopback.Server, w http.ResponseWriter, r *http.Request) {
	fault := s.script.Next()
	if !fault.before(w, r, on) {
		return
	}
	err := s.ingest(r)
	if fault.NoResponse {
		loopback.Abort()
	}
	if refused, ok := err.(refusal); ok {
		s.refuse(Refusal{refused.status, refused.reason})
		answer(w, refused)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func answer(w http.ResponseWriter, r refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	type entry struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	_ = json.NewEncoder(w).Encode(map[string][]entry{"errors": {{"BAD_REQUEST", r.reason}}}) // the client may be gone
}

func (s *Server) ingest(r *http.Request) error {
	bulk := r.URL.Path == "/v2/bulkevents"
	if !bulk && r.URL.Path != "/v2/events" {
		return refusal{http.StatusNotFound, "there is no such path"}
	}
	if r.Method != http.MethodPost {
		return refusal{http.StatusMethodNotAllowed, "it is no POST"}
	}
	key, secret, ok := r.BasicAuth()
	if !ok {
		return refusal{http.StatusUnauthorized, "the authentication header is missing"}
	}
	if subtle.ConstantTimeCompare([]byte(key+":"+secret), []byte(s.Key()+":"+s.Secret())) != 1 {
		return refusal{http.StatusForbidden, "the key or the secret is another"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return badRequest("the body cannot be read")
	}
	if len(body) > maxRequest {
		return badRequest("the request is over 256 KB")
	}
	texts := []json.RawMessage{body}
	if bulk && json.Unmarshal(body, &texts) != nil {
		return badRequest("the body is no JSON array")
	}
	return s.batches(texts)
}

// batches takes those that can be taken.
func (s *Server) batches(texts []json.RawMessage) error {
	if len(texts) > maxBatches {
		return badRequest("the request has more than %d batches", maxBatches)
	}
	events, taken := 0, 0
	var batches []*batch
	var refused []string
	for _, text := range texts {
		b, err := s.read(text)
		if err != nil {
			refused = append(refused, err.Error())
			continue
		}
		events += len(b.Events)
		batches = append(batches, b)
	}
	if events > maxEvents {
		return badRequest("the request has more than %d events", maxEvents)
	}
	for _, b := range batches {
		s.take(b)
		taken++
	}
	if taken == 0 && len(refused) > 0 {
		return badRequest("%s", refused[0])
	}
	for _, reason := range refused {
		s.refuse(Refusal{http.StatusAccepted, reason})
	}
	return nil
}

// take stores the consent of a batch and forwards its events.
func (s *Server) take(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.RequestID != "" {
		if s.seen[b.RequestID] {
			return
		}
		s.seen[b.RequestID] = true
	}
	stored := s.profile(b.Identities)
	b.store(stored)
	arrivals := []Arrival{{}}
	if len(b.Events) > 0 {
		arrivals = arrivals[:0]
	}
	for _, e := range b.Events {
		arrivals = append(arrivals, Arrival{Type: e.Type, Name: e.name(), MessageID: e.Data.ID, Event: bytes.Clone(e.text)})
	}
	for _, a := range arrivals {
		a.Identities, a.Batch = b.Identities, b.text
		for _, c := range s.workspace.Connections {
			reason, ok := c.passes(stored)
			a.Deliveries = append(a.Deliveries, Delivery{c.Output, ok, reason})
		}
		s.arrivals = append(s.arrivals, a)
	}
	if keep := s.workspace.Keep; keep > 0 && len(s.arrivals) > keep {
		s.arrivals = slices.Clone(s.arrivals[len(s.arrivals)-keep:])
	}
}

// profile returns that of the identities, of which customer_id comes first.
func (s *Server) profile(identities map[string]string) *Consent {
	for _, kind := range identityTypes {
		id, ok := identities[kind]
		if !ok {
			continue
		}
		key := kind + "=" + id
		if s.profiles[key] == nil {
			s.profiles[key] = &Consent{make(map[string]bool), make(map[string]bool)}
		}
		return s.profiles[key]
	}
	return &Consent{make(map[string]bool), make(map[string]bool)} // nobody's
}

func (s *Server) refuse(r Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, r)
	if keep := s.workspace.Keep; keep > 0 && len(s.refusals) > keep {
		s.refusals = slices.Clone(s.refusals[len(s.refusals)-keep:])
	}
}
