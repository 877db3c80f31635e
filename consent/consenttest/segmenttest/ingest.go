package segmenttest

import (
	"bytes"
	"compress/gzip"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/go-consent/segment/internal/segment"
)

func (s *Segment) handler(on *run) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/{call}", func(w http.ResponseWriter, r *http.Request) {
		allowBrowsers(w)
		fault := s.nextFault(on)
		if !fault.before(w, r, on) {
			return
		}
		err := s.ingest(r)
		var refused refusal
		switch {
		case errors.As(err, &refused):
			s.refuse(Refusal(refused))
			http.Error(w, refused.Reason, refused.Status)
		case fault.HalfResponse:
			halfResponse(w, on)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"success":true}`)
		}
	})
	mux.HandleFunc("OPTIONS /v1/{call}", func(w http.ResponseWriter, _ *http.Request) { allowBrowsers(w) })
	mux.HandleFunc("GET /v1/projects/{key}/settings", s.cdn(s.settings))
	mux.HandleFunc("GET /projects/{key}/settings", s.cdn(s.settings))
	mux.HandleFunc("GET /v1/projects/{key}/integrations", s.cdn(s.catalogue))
	return mux
}

// allowBrowsers lets pages of other origins call, as Segment does.
func allowBrowsers(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
}

type refusal Refusal

func (r refusal) Error() string { return r.Reason }

func badRequest(why string) error { return refusal{http.StatusBadRequest, why} }

// An envelope is the body of a request: a batch, or a single event with its key.
type envelope struct {
	WriteKey     string            `json:"writeKey"`
	Batch        []json.RawMessage `json:"batch"`
	Integrations map[string]any    `json:"integrations"`
	Context      map[string]any    `json:"context"`
}

// ingest takes the events of a request, all or none but for the update of preferences,
// which Segment refuses by itself.
func (s *Segment) ingest(r *http.Request) error {
	call := r.PathValue("call")
	switch {
	case call == "m": // how analytics.js fares
		return nil
	case call != "batch" && segment.Type(call) == "":
		return refusal{http.StatusNotFound, "there is no /v1/" + call}
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return badRequest("the body is not JSON of a batch or an event")
	}
	if !s.knows(r, e.WriteKey) {
		return refusal{http.StatusUnauthorized, "the write key is not that of the source"}
	}
	if wrong := map[bool]string{true: segment.HostUS, false: segment.HostEU}[s.workspace.EU]; hostname(r.Host) == wrong {
		return badRequest("the workspace is of another region than " + wrong)
	}
	if call != "batch" {
		if len(body) > segment.MaxEventSize {
			return badRequest("an event is over 32 KB")
		}
		return s.single(body, call)
	}
	return s.batch(e)
}

func (s *Segment) single(body []byte, call string) error {
	taken, err := s.read(body, envelope{}, segment.Type(call))
	if err != nil {
		return err
	}
	taken.Call = call
	s.take(taken)
	return nil
}

func (s *Segment) batch(e envelope) error {
	if len(e.Batch) > segment.MaxBatchEvents {
		return badRequest("the batch has more than 2500 events")
	}
	var taken []Arrival
	for _, raw := range e.Batch {
		if len(raw) > segment.MaxEventSize {
			return badRequest("an event is over 32 KB")
		}
		a, err := s.read(raw, e, "")
		if errors.Is(err, errNoPreferences) {
			s.refuse(Refusal(errNoPreferences))
			continue
		}
		if err != nil {
			return err
		}
		a.Call = "batch"
		taken = append(taken, a)
	}
	for _, a := range taken {
		s.take(a)
	}
	return nil
}

// errNoPreferences is the one refusal that Segment documents for a single event.
var errNoPreferences = refusal{http.StatusBadRequest, "context.consent.categoryPreferences object is required"}

// read checks an event and decides where it is delivered.
func (s *Segment) read(raw []byte, e envelope, kind string) (a Arrival, err error) {
	var event struct {
		Type, Event, MessageID, UserID, AnonymousID, PreviousID string
		Context                                                 struct {
			Consent struct {
				Categories map[string]any `json:"categoryPreferences"`
			} `json:"consent"`
		}
	}
	merged := e.mergeInto(raw)
	if err := json.Unmarshal(merged, &event); err != nil {
		return a, badRequest("an event is not an object with the fields of the specification")
	}
	if kind == "" {
		kind = event.Type
	}
	switch {
	case segment.Type(kind) != kind || kind == "":
		return a, badRequest("an event is of no known type")
	case len(event.MessageID) >= segment.MaxMessageID:
		return a, badRequest("a messageId has 100 characters or more")
	case event.UserID == "" && event.AnonymousID == "" && event.PreviousID == "":
		return a, badRequest("no_user_anon_id: an event has neither userId nor anonymousId")
	case kind == "track" && event.Event == segment.UpdateEvent && event.Context.Consent.Categories == nil:
		return a, errNoPreferences
	}
	deliveries, err := s.routes.Route(merged)
	if err != nil {
		return a, badRequest("an event has a malformed consent or integrations object")
	}
	a = Arrival{Type: kind, MessageID: event.MessageID, JSON: bytes.Clone(merged)}
	for _, d := range deliveries {
		a.Deliveries = append(a.Deliveries, Delivery(d))
	}
	return a, nil
}

// mergeInto returns the event with what the batch says for all of its events. Segment
// documents that it merges, not how: here objects merge key by key, and the event's own
// keys win. A client has to be right also if they merge so.
func (e envelope) mergeInto(raw []byte) []byte {
	if len(e.Integrations) == 0 && len(e.Context) == 0 {
		return raw
	}
	var event map[string]any
	if json.Unmarshal(raw, &event) != nil || event == nil {
		return raw
	}
	batch := make(map[string]any)
	if len(e.Integrations) > 0 {
		batch["integrations"] = e.Integrations
	}
	if len(e.Context) > 0 {
		batch["context"] = e.Context
	}
	addMissing(event, batch)
	merged, err := json.Marshal(event)
	if err != nil {
		return raw
	}
	return merged
}

// addMissing adds to an object what only the other one has, in the objects within too.
func addMissing(to, from map[string]any) {
	for key, value := range from {
		held, ok := to[key]
		if !ok || held == nil {
			to[key] = value
			continue
		}
		within, isObject := held.(map[string]any)
		if more, both := value.(map[string]any); isObject && both {
			addMissing(within, more)
		}
	}
}

// readBody returns the body, of which neither the compressed nor the plain form may be
// over the limit.
func readBody(r *http.Request) ([]byte, error) {
	body := io.LimitReader(r.Body, segment.MaxBatchSize+1)
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		plain, err := gzip.NewReader(body)
		if err != nil {
			return nil, badRequest("the body is not gzip")
		}
		body = plain
	default:
		return nil, badRequest("the body is of an unknown encoding")
	}
	b, err := io.ReadAll(io.LimitReader(body, segment.MaxBatchSize+1))
	switch {
	case len(b) > segment.MaxBatchSize:
		return nil, badRequest("the body is over 500 KB")
	case err != nil:
		return nil, badRequest("the body cannot be read")
	}
	return b, nil
}

// knows reports whether the request has the write key, as the user of basic
// authentication or in its body.
func (s *Segment) knows(r *http.Request, inBody string) bool {
	key, _, ok := r.BasicAuth()
	if !ok {
		key = inBody
	}
	return subtle.ConstantTimeCompare([]byte(key), []byte(s.WriteKey())) == 1
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.ToLower(host)
}
