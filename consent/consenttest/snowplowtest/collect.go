package snowplowtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-consent/segment/internal/loopback"
)

// Paths of the collector, and of where a redirect leads.
const (
	pathPost  = "/com.snowplowanalytics.snowplow/tp2"
	pathGet   = "/i"
	elsewhere = "/elsewhere"
)

// Schemas of the envelopes, without the last number of their version.
const (
	schemaPayload  = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-"
	schemaUnstruct = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-"
	schemaContexts = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-"
)

// ServeHTTP serves a request to the collector, for programs that have a server of their own.
func (s *Snowplow) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(s.server, w, r) }

func (s *Snowplow) serve(on *loopback.Server, w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == elsewhere, r.URL.Path == "/health":
		_, _ = io.WriteString(w, "ok")
		return
	case r.Method == http.MethodPost && r.URL.Path == pathPost:
	case r.Method == http.MethodGet && r.URL.Path == pathGet:
	default:
		s.refuse(w, http.StatusNotFound, "the collector has no "+r.Method+" "+r.URL.Path)
		return
	}
	fault := s.script.Next()
	if fault.happens(w, r, on) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.pipeline.MaxBytes)))
	if err != nil {
		status := http.StatusBadRequest
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
		}
		s.refuse(w, status, "the body cannot be read, or is too large")
		return
	}
	if r.Method == http.MethodGet {
		fields := make(map[string]string)
		for name, values := range r.URL.Query() {
			fields[name] = values[0]
		}
		s.enrich([]map[string]string{fields})
	} else if events, why := read(r, body); why != "" {
		s.take(nil, []Failure{{Status: http.StatusOK, Reason: why}})
	} else {
		s.enrich(events)
	}
	if fault.Lost {
		breakOff(w)
	}
	_, _ = io.WriteString(w, "ok")
}

func (s *Snowplow) refuse(w http.ResponseWriter, status int, why string) {
	s.take(nil, []Failure{{Status: status, Reason: why}})
	http.Error(w, why, status)
}

// read returns the events of a request, or why there are none.
func read(r *http.Request, body []byte) (events []map[string]string, why string) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, "the content type is not application/json"
	}
	var payload selfDescribing
	if json.Unmarshal(body, &payload) != nil {
		return nil, "the body is not JSON"
	}
	if !strings.HasPrefix(payload.Schema, schemaPayload) {
		return nil, "the body is no payload_data"
	}
	decoder := json.NewDecoder(bytes.NewReader(payload.Data))
	if decoder.Decode(&events) != nil || len(events) == 0 {
		return nil, "the data of the payload is no array of events with texts"
	}
	return events, ""
}

// enrich validates events one by one.
func (s *Snowplow) enrich(given []map[string]string) {
	var events []Event
	var failures []Failure
	for _, fields := range given {
		e, why := s.pipeline.validate(fields)
		if why != "" {
			failures = append(failures, Failure{Status: http.StatusOK, EventID: fields["eid"], Reason: why})
		} else {
			events = append(events, e)
		}
	}
	s.take(events, failures)
}
