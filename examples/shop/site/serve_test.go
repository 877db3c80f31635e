package site

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/ledger"
)

func TestStopLosesNothing(t *testing.T) {
	fake := segmenttest.New(t, workspaceFor(policyConfig()))
	c := fake.Config()
	c.Interval = time.Hour // what is queued stays queued until the client is closed
	b := visitWith(t, policyConfig(), fake.WriteKey(), c, fake)
	for range 50 {
		b.post("/buy")
	}
	fake.RequireArrivals(t, 0)
	lost, err := b.shop.client.Shutdown(t.Context())
	require.NoError(t, err)
	require.Zero(t, lost)
	fake.RequireArrivals(t, 50)
}

func TestEndpointIsThatOfTheRegion(t *testing.T) {
	for eu, want := range map[bool]string{true: "https://events.eu1.segmentapis.com", false: "https://api.segment.io"} {
		s, where, err := Config{WriteKey: "key", EU: eu, Store: new(ledger.Memory)}.shop(log.New(io.Discard, "", 0))
		require.NoError(t, err)
		require.NoError(t, s.close(t.Context()))
		require.Equal(t, "Segment, "+want, where)
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	for _, test := range []struct {
		addr, others, host string
		status             int
	}{
		{"127.0.0.1:8080", "", "127.0.0.1:8080", 200},
		{"127.0.0.1:8080", "", "localhost:8080", 200},
		{"[::1]:8080", "", "[::1]:8080", 200},
		{"192.0.2.1:80", "", "192.0.2.1", 200},
		{":8080", "a.example, Teapots.example", "TEAPOTS.example", 200},
		{":8080", "", "", 421},
		{":8080", "", "evil.example", 421},
		{"0.0.0.0:8080", "", "0.0.0.0:8080", 421},
		{"127.0.0.1:8080", "teapots.example", "teapots.example.evil.example", 421},
	} {
		h := onlyHosts(hostsOf(test.addr, test.others), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = test.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, test.status, w.Code, "%+v", test)
	}
}
