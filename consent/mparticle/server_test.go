package mparticle_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/mparticle"
)

// A server is one on the loopback interface that keeps the bodies that it gets.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
}

func serve(t testing.TB) *server {
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		key, secret, _ := r.BasicAuth()
		if err != nil || r.URL.Path != "/v2/bulkevents" || r.Method != http.MethodPost || key != "key" || secret != "secret" ||
			r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("not a request of the documented form: %s %s", r.Method, r.URL.Path)
		}
		s.mu.Lock()
		s.bodies = append(s.bodies, body)
		s.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(s.Close)
	return s
}

// received returns the bodies since the last call.
func (s *server) received() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	bodies := s.bodies
	s.bodies = nil
	return bodies
}

// client returns a Client that sends full requests, and the rest at Close.
func (s *server) client(t testing.TB, r mparticle.Router, p consent.Policy, o *consent.Options) *consent.Client {
	t.Helper()
	c, err := mparticle.New(mparticle.Config{Endpoint: s.URL, Key: "key", Secret: "secret", Interval: time.Hour}, r, p, o)
	require.NoError(t, err)
	return c
}
