package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
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

func TestRunServesUntilItIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, stdout := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"-addr", "127.0.0.1:0"}, "", stdout, &stderr)
		stdout.Close()
	}()
	lines := bufio.NewReader(reader)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	_, address, found := strings.Cut(strings.TrimSpace(line), "open at ")
	require.True(t, found, line)
	rest := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(lines)
		rest <- string(b)
	}()

	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range 20 {
		response, err := browser.Post(address+"/buy", "", nil)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, http.StatusSeeOther, response.StatusCode)
	}
	cancel()
	require.Zero(t, <-status, stderr.String())
	require.Contains(t, <-rest, "The shop is closed: 20 events sent, 0 lost, 0 suppressed.")
	require.Empty(t, stderr.String())
	_, err = http.Get(address)
	require.Error(t, err)
}

func TestRunRefuses(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	tests := []struct {
		name, want string
		args       []string
	}{
		{"a busy port", "address already in use", []string{"-addr", busy.Addr().String()}},
		{"no address", "address", []string{"-addr", "nowhere"}},
		{"an unknown flag", "flag provided but not defined: -port", []string{"-port", "80"}},
		{"an argument", `unexpected argument "open"`, []string{"open"}},
		{"-eu without a workspace", "WRITE_KEY is not set", []string{"-eu"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, 1, run(t.Context(), test.args, "", &stdout, &stderr))
			require.Contains(t, stderr.String(), test.want)
			require.Empty(t, stdout.String())
		})
	}
}

func TestEndpointIsThatOfTheRegion(t *testing.T) {
	for eu, want := range map[bool]string{true: "https://events.eu1.segmentapis.com", false: "https://api.segment.io"} {
		s, where, err := target{writeKey: "key", eu: eu}.shop(log.New(io.Discard, "", 0))
		require.NoError(t, err)
		require.NoError(t, s.client.Close())
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
