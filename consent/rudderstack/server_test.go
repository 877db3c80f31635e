package rudderstack_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/rudderstack"
)

// A dataPlane is a RudderStack on the loopback interface that keeps what it gets.
type dataPlane struct {
	*httptest.Server
	mu     sync.Mutex
	events []event
	status int // of its answers; 0: 200
}

// An event is one that arrived.
type event struct {
	raw          json.RawMessage
	MessageID    string
	Type         string
	Context      json.RawMessage
	Integrations json.RawMessage
}

// consentManagement returns that object of the event.
func (e event) consentManagement(t testing.TB) (c struct {
	Provider, ResolutionStrategy        string
	AllowedConsentIDs, DeniedConsentIDs []string
}) {
	t.Helper()
	var context struct{ ConsentManagement json.RawMessage }
	require.NoError(t, json.Unmarshal(e.Context, &context))
	require.NoError(t, json.Unmarshal(context.ConsentManagement, &c))
	return c
}

func serve(t testing.TB) *dataPlane {
	p := &dataPlane{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/batch" {
			_, _ = io.WriteString(w, `{"nodeCount":0}`) // which that client does not stand
			return
		}
		var body struct{ Batch []json.RawMessage }
		text := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			text, _ = gzip.NewReader(r.Body)
		}
		if err := json.NewDecoder(text).Decode(&body); err != nil {
			t.Errorf("the body is no JSON: %v", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.status != 0 {
			http.Error(w, "secret", p.status)
			return
		}
		for _, raw := range body.Batch {
			e := event{raw: raw}
			if err := json.Unmarshal(raw, &e); err != nil {
				t.Errorf("an event is no JSON: %v", err)
			}
			p.events = append(p.events, e)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// arrived returns what arrived since the last call.
func (p *dataPlane) arrived() []event {
	p.mu.Lock()
	defer p.mu.Unlock()
	events := p.events
	p.events = nil
	return events
}

// client returns a Client of the real client of RudderStack, which sends at Close.
func (p *dataPlane) client(t testing.TB, r rudderstack.Router, policy consent.Policy, o *consent.Options) *consent.Client {
	t.Helper()
	c, err := rudderstack.New("key", rudder.Config{
		DataPlaneUrl: p.URL, Interval: time.Hour, BatchSize: 100, DisableGzip: true, NoProxySupport: true,
		Logger: rudder.StdLogger(log.New(io.Discard, "", 0)), RetryAfter: func(int) time.Duration { return time.Millisecond },
	}, r, policy, o)
	require.NoError(t, err)
	return c
}
