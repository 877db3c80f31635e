package consenttest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/go-consent/segment/internal/segment"
)

// Guard fails the test if a message leaves for Segment that no [consent.Client] has stamped. So it
// finds a second client with the same write key. It watches [http.DefaultTransport] until the end
// of the test. It answers unstamped messages itself, and lets everything else pass. Call it before
// the clients are made, and close the clients before the test ends: what is sent later is dropped
// and not reported.
//
// A message is for Segment if it is posted to a host of Segment, or to any host with the path of
// Segment's API. Below another path, such as that of a proxy, it is for Segment if it is a batch
// with a write key. It is stamped if its consent context names a category. A client with
// [consent.Options.DangerouslySendUnchanged] does not stamp messages.
//
// Guard does not see clients with another Transport, clients that were made before it (analytics-go
// keeps the transport it finds), and clients in other processes. It changes what the whole process
// uses, so a test with it cannot be parallel.
func Guard(t testing.TB) {
	t.Helper()
	t.Setenv("CONSENTTEST_GUARD", "on") // fails a test that is parallel
	g := &guard{t: t, next: http.DefaultTransport}
	http.DefaultTransport = g.transport()
	t.Cleanup(func() {
		http.DefaultTransport = g.next
		g.mu.Lock()
		defer g.mu.Unlock()
		g.over = true
	})
}

// A guard looks at every request of a transport.
type guard struct {
	next http.RoundTripper

	mu   sync.Mutex
	t    testing.TB
	over bool
}

// transport returns a transport that asks g. It is of the type that most programs
// expect to find in http.DefaultTransport.
func (g *guard) transport() *http.Transport {
	watched := new(http.Transport)
	if standard, ok := g.next.(*http.Transport); ok {
		watched = standard.Clone()
	}
	watched.ForceAttemptHTTP2 = false
	watched.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{} // or it takes https for itself
	watched.RegisterProtocol("http", g)
	watched.RegisterProtocol("https", g)
	return watched
}

// RoundTrip passes the request on if nothing in it is unstamped.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || r.Body == nil || !isIngestion(r) {
		return g.next.RoundTrip(r)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, segment.MaxBatchSize+1))
	r.Body.Close()
	if err != nil {
		return nil, err
	}
	if wrong := unstamped(r, body); len(wrong) > 0 {
		g.report(strings.ToLower(r.URL.Hostname()), wrong)
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: make(http.Header), Body: http.NoBody, Request: r,
		}, nil
	}
	passed := r.Clone(r.Context())
	passed.Body = io.NopCloser(bytes.NewReader(body))
	return g.next.RoundTrip(passed)
}

func (g *guard) report(host string, wrong []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return
	}
	g.t.Helper()
	for _, what := range wrong {
		g.t.Errorf("consenttest: %s left for %s around the consent.Client, and would reach every destination\n\tcure: "+
			"send it with client.For(ctx).Enqueue, and give no other client this write key", what, host)
	}
}

func isIngestion(r *http.Request) bool {
	switch strings.ToLower(r.URL.Hostname()) {
	case segment.HostUS, segment.HostEU:
		return true
	}
	dir, call := path.Split(r.URL.Path)
	if dir == "/v1/" {
		return call == "batch" || segment.Type(call) == call && call != ""
	}
	// Below a proxy's path, only what has a write key, as analytics-go sends it.
	key, password, ok := r.BasicAuth()
	return strings.HasSuffix(dir, "/v1/") && call == "batch" && ok && key != "" && password == ""
}

// unstamped returns the titles of the events without a consent context. A request that cannot be
// read counts as one.
func unstamped(r *http.Request, body []byte) (titles []string) {
	unreadable := []string{"a request that cannot be read"}
	if r.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return unreadable
		}
		if body, err = io.ReadAll(io.LimitReader(plain, segment.MaxBatchSize+1)); err != nil {
			return unreadable
		}
	}
	if len(body) > segment.MaxBatchSize {
		return unreadable
	}
	events := []json.RawMessage{body}
	if path.Base(r.URL.Path) == "batch" {
		var batch struct {
			Batch []json.RawMessage `json:"batch"`
		}
		if json.Unmarshal(body, &batch) != nil {
			return unreadable
		}
		events = batch.Batch
	}
	for _, raw := range events {
		event, err := segment.ReadSent(raw)
		if err != nil {
			return unreadable
		}
		event.Type = cmp.Or(event.Type, segment.Type(path.Base(r.URL.Path)))
		if !event.Stamped() {
			titles = append(titles, strings.TrimSpace(event.String()))
		}
	}
	return titles
}
