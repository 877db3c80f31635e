package consent_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// A wire is a transport that keeps the bodies of requests and answers as Segment
// does.
type wire struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies = append(w.bodies, body)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader([]byte(`{"success":true}`)))}, nil
}

// messages returns what arrived; call it after Close.
func (w *wire) messages(t testing.TB) (all []json.RawMessage) {
	t.Helper()
	for _, body := range w.bodies {
		var batch struct{ Batch []json.RawMessage }
		require.NoError(t, json.Unmarshal(body, &batch))
		all = append(all, batch.Batch...)
	}
	return all
}

type silent struct{}

func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}

// segment returns a client of the real analytics-go, and what it puts on the wire.
func segment(t testing.TB, p consent.Policy, o *consent.Options) (*consent.Client, *wire) {
	t.Helper()
	var w wire
	c, err := consent.NewSegment("key", analytics.Config{Transport: &w, Logger: silent{}, Interval: time.Hour}, p, o)
	require.NoError(t, err)
	return c, &w
}

func TestNewSegmentRefusesAllMistakesAtOnce(t *testing.T) {
	_, err := consent.NewSegment("", analytics.Config{
		Endpoint: "https://api.segment.io/v1",
		DefaultContext: &analytics.Context{Extra: object{
			"Consent": object{}, "providers": object{}, "all": true, "integrations": object{}, "fine": 1,
		}},
	}, nil, nil)
	require.ErrorIs(t, err, consent.ErrConfig)
	for _, want := range []string{"write key", "policy", "endpoint", `"Consent"`, `"providers"`, `"all"`, `"integrations"`} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "fine")

	_, err = consent.NewSegment("key", analytics.Config{Interval: -1}, policy, nil)
	require.ErrorIs(t, err, consent.ErrConfig)
	require.ErrorAs(t, err, new(analytics.ConfigError))
}

func TestEndpoints(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"":                          true,
		"https://api.segment.io":    true,
		consent.EndpointEU:          true,
		"http://127.0.0.1:8080":     true,
		"http://[::1]:8080":         true,
		"https://api.segment.io/":   true,
		"https://api.segment.io/v1": false,

		"https://www.example.com/segment":          true,
		"https://www.example.com/segment/":         true,
		"https://www.example.com/a/b-c_d/%C3%A9":   true,
		"https://www.example.com/v1/segment":       true,
		"https://www.example.com/segment/v1":       false,
		"https://www.example.com/segment/v1/":      false,
		"https://www.example.com/segment/v1/batch": false,
		"https://www.example.com/segment//":        false,
		"https://www.example.com//segment":         false,
		"https://www.example.com/segment/..":       false,
		"https://www.example.com/./segment":        false,
		"https://www.example.com/segment?a":        false,
		"https://www.example.com/segment#a":        false,
		"https://www.example.com/seg ment":         false,
		"https://a.b?c":                            false,
		"https://a.b#c":                            false,
		"https://u:p@a.b":                          false,
		"HTTPS://a.b":                              false,
		"ftp://a.b":                                false,
		"api.segment.io":                           false,
		"localhost:8080":                           false,
		"https://":                                 false,
		"https://:80":                              false,
		"//a.b":                                    false,
		"https://a b":                              false,
		" https://a.b":                             false,
	} {
		c, err := consent.NewSegment("key", analytics.Config{Endpoint: endpoint}, policy, nil)
		if ok {
			require.NoError(t, err, endpoint)
			require.NoError(t, c.Close())
		} else {
			require.ErrorIs(t, err, consent.ErrConfig, endpoint)
			require.Nil(t, c)
		}
	}
}

// A custom proxy, on a host that also serves other things.
func TestEndpointBelowAPath(t *testing.T) {
	for _, slash := range []string{"", "/"} {
		paths := make(chan string, 1)
		proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { paths <- r.RequestURI }))
		defer proxy.Close()
		c, err := consent.NewSegment("key", analytics.Config{Endpoint: proxy.URL + "/segment" + slash, Logger: silent{}}, policy, nil)
		require.NoError(t, err)
		require.NoError(t, c.With(consent.All(consent.Granted)).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
		lost, err := c.Shutdown(t.Context())
		require.NoError(t, err)
		require.Zero(t, lost)
		require.Equal(t, "/segment/v1/batch", <-paths)
	}
}

func TestNewSegmentLeavesTheConfigAlone(t *testing.T) {
	shared := &analytics.Context{Locale: "de", Traits: analytics.Traits{"a": 1}, Extra: object{"b": 2}}
	config := analytics.Config{DefaultContext: shared, Transport: &wire{}, Logger: silent{}}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c, err := consent.NewSegment("key", config, policy, nil)
			require.NoError(t, err)
			require.NoError(t, c.With(acceptAll).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"}))
			require.NoError(t, c.Close())
		})
	}
	wg.Wait()
	require.Equal(t, &analytics.Context{Locale: "de", Traits: analytics.Traits{"a": 1}, Extra: object{"b": 2}}, shared)
}

func TestConnectionsAreReused(t *testing.T) {
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"success":true}`)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()

	delivered := make(chan struct{}, 1)
	c, err := consent.NewSegment("key", analytics.Config{
		Endpoint: server.URL, BatchSize: 1, Logger: silent{}, Callback: callback(delivered), Transport: &http.Transport{},
	}, policy, nil)
	require.NoError(t, err)
	for range 20 {
		require.NoError(t, c.With(acceptAll).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"}))
		<-delivered
	}
	require.NoError(t, c.Close())
	require.EqualValues(t, 20, requests.Load())
	require.EqualValues(t, 1, connections.Load())
}

type callback chan struct{}

func (c callback) Success(analytics.Message)        { c <- struct{}{} }
func (c callback) Failure(analytics.Message, error) {}

func TestResponsesAreReadWithinBounds(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		for range 1 << 10 {
			w.Write(make([]byte, 64<<10))
		}
	}))
	defer server.Close()
	failed := make(chan error, 1)
	c, err := consent.NewSegment("key", analytics.Config{
		Endpoint: server.URL, BatchSize: 1, Logger: silent{}, Callback: failure(failed),
		RetryAfter: func(int) time.Duration { return 0 }, Transport: &http.Transport{},
	}, policy, nil)
	require.NoError(t, err)
	require.NoError(t, c.With(acceptAll).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"}))
	require.ErrorContains(t, <-failed, "400")
	require.NoError(t, c.Close())
}

type failure chan error

func (c failure) Success(analytics.Message)              {}
func (c failure) Failure(_ analytics.Message, err error) { c <- err }
