package rudderstacktest

import (
	"bytes"
	"compress/gzip"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/go-consent/segment/internal/loopback"
)

// The documented limits, in bytes.
const (
	maxEventSize = 32 << 10
	maxBatchSize = 4 << 20
)

var types = []string{"track", "identify", "page", "screen", "group", "alias"}

func (p *DataPlane) handle(on *loopback.Server, w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cluster-info", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"nodeCount":1}`)
	})
	mux.HandleFunc("POST /v1/{call}", func(w http.ResponseWriter, r *http.Request) {
		fault := p.script.Next()
		if !fault.before(w, r, on) {
			return
		}
		var refused refusal
		switch err := p.ingest(r); {
		case errors.As(err, &refused):
			p.refuse(Refusal(refused))
			http.Error(w, refused.Reason, refused.Status)
		case fault.HalfResponse:
			halfResponse(w)
		default:
			_, _ = io.WriteString(w, "OK")
		}
	})
	mux.ServeHTTP(w, r)
}

type refusal Refusal

func (r refusal) Error() string { return r.Reason }

func badRequest(why string) error { return refusal{http.StatusBadRequest, why} }

// ingest takes the events of a request, all or none.
func (p *DataPlane) ingest(r *http.Request) error {
	call := r.PathValue("call")
	if call != "batch" && !slices.Contains(types, call) {
		return refusal{http.StatusNotFound, "there is no /v1/" + call}
	}
	key, _, _ := r.BasicAuth()
	if subtle.ConstantTimeCompare([]byte(key), []byte(p.WriteKey())) != 1 {
		return refusal{http.StatusUnauthorized, "the write key is not that of the source"}
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	events := []json.RawMessage{body}
	if call == "batch" {
		var batch struct{ Batch []json.RawMessage }
		if json.Unmarshal(body, &batch) != nil {
			return badRequest("the body is not JSON of a batch")
		}
		if events = batch.Batch; len(events) == 0 {
			return badRequest("the batch is empty")
		}
		call = ""
	}
	var taken []Arrival
	for _, raw := range events {
		a, err := p.read(raw, call)
		if err != nil {
			return err
		}
		taken = append(taken, a)
	}
	p.take(taken)
	return nil
}

// read checks an event and decides where it is delivered. The type of a single call is that
// of its path.
func (p *DataPlane) read(raw []byte, kind string) (Arrival, error) {
	var event struct{ Type, MessageID, UserID, AnonymousID string }
	switch {
	case len(raw) > maxEventSize:
		return Arrival{}, refusal{http.StatusRequestEntityTooLarge, "an event is over 32 KB"}
	case json.Unmarshal(raw, &event) != nil:
		return Arrival{}, badRequest("an event is not an object with the fields of the specification")
	}
	if kind == "" {
		kind = event.Type
	}
	switch {
	case !slices.Contains(types, kind):
		return Arrival{}, badRequest("an event is of no known type")
	case event.UserID == "" && event.AnonymousID == "":
		return Arrival{}, badRequest("request neither has anonymousId nor userId")
	}
	deliveries, err := p.source.Route(raw)
	if err != nil {
		return Arrival{}, badRequest("an event is not a JSON object")
	}
	return Arrival{Type: kind, MessageID: event.MessageID, JSON: bytes.Clone(raw), Deliveries: deliveries}, nil
}

// readBody returns the body, of which neither the compressed nor the plain form may be over
// the limit.
func readBody(r *http.Request) ([]byte, error) {
	body := io.LimitReader(r.Body, maxBatchSize+1)
	if r.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(body)
		if err != nil {
			return nil, badRequest("the body is not gzip")
		}
		body = io.LimitReader(plain, maxBatchSize+1)
	}
	b, err := io.ReadAll(body)
	switch {
	case len(b) > maxBatchSize:
		return nil, refusal{http.StatusRequestEntityTooLarge, "the body is over 4 MB"}
	case err != nil:
		return nil, badRequest("the body cannot be read")
	}
	return b, nil
}
