package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
