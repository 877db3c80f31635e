package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

func TestErrorsAreShownByKind(t *testing.T) {
	odd := errors.New("quotes a secret")
	for _, err := range []error{odd, fmt.Errorf("a secret: %w", io.EOF), &url.Error{Op: "Post", URL: "https://secret", Err: odd}} {
		shown := described(err)
		require.NotContains(t, shown.Error(), "secret")
		require.Contains(t, shown.Error(), "the transport failed with a *")
	}
	require.ErrorIs(t, described(odd), odd)
	require.ErrorIs(t, described(fmt.Errorf("a secret: %w", io.EOF)), io.EOF)
	for _, err := range []error{
		errTimeout, statusError(503), analytics.ErrTooManyRequests, io.EOF, context.DeadlineExceeded,
		&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, &net.DNSError{Err: "no such host", Name: "h"},
	} {
		require.Equal(t, err, described(err))
		require.Equal(t, err, described(&url.Error{Op: "Post", URL: "https://secret", Err: err}))
	}
}

// net/http quotes a response that it cannot read.
func TestErrorsOfNetHTTPAreHidden(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(c, "somebody\r\nsecret\r\n\r\n")
			_ = c.Close()
		}
	}))
	defer server.Close()
	s, told := newSender(t, &http.Transport{}, func(c *Config) {
		c.Segment.Endpoint, c.Segment.RetryAfter = server.URL, func(int) time.Duration { return 0 }
	})
	send(t, s, 1)
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	told.require(t, 0, 1)
	require.NotContains(t, told.told[0].Error(), "somebody")
	require.NotContains(t, told.logged.String(), "somebody")
	require.NotContains(t, told.logged.String(), "secret")
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "x": 0, "-1": 0, "1.5": 0, "0": 0, "3": 3 * time.Second, "300": 5 * time.Minute, "301": 5 * time.Minute, "99999999999999999999": 0,
		"4294967295": 5 * time.Minute, "Thu, 01 Jan 2026 00:00:07 GMT": 7 * time.Second, "Wed, 31 Dec 2025 00:00:00 GMT": 0,
	} {
		require.Equal(t, want, retryAfter(header, now), header)
	}
}

type lines struct{ written []string }

func (l *lines) Logf(format string, args ...any) {
	l.written = append(l.written, fmt.Sprintf(format, args...))
}
func (l *lines) Errorf(format string, args ...any) { l.Logf(format, args...) }

// These are the calls of analytics-go 3.3.0, each with what it may be given.
func TestLogContainsNoMessageOrBody(t *testing.T) {
	secret := errors.New("secret\nin an error")
	m := analytics.Track{UserId: "secret"}
	for _, call := range []struct {
		format string
		args   []any
		want   string // empty: not written
	}{
		{"panic - %s", []any{"secret"}, "panic - string"},
		{"panic - %s", []any{secret}, "panic - the transport failed with a *errors.errorString"},
		{"sending messages failed - %s", []any{analytics.ErrTooManyRequests}, "sending messages failed - " + analytics.ErrTooManyRequests.Error()},
		{"marshalling messages - %s", []any{secret}, "marshalling messages - the transport failed with a *errors.errorString"},
		{"%d messages dropped because they failed to be sent and the client was closed", []any{3}, ""},
		{"%d messages dropped because they failed to be sent after %d attempts", []any{3, 10}, "3 messages dropped because they failed to be sent after 10 attempts"},
		{"creating request - %s", []any{secret}, "creating request - the transport failed with a *errors.errorString"},
		{"sending request - %s", []any{secret}, ""},
		{"response %s", []any{"200 secret"}, ""},
		{"response %d %s - %s", []any{400, "400 secret", secret}, "response 400 string - the transport failed with a *errors.errorString"},
		{"response %d %s – %s", []any{400, "400 secret", "secret"}, "response 400 string – string"},
		{"exit requested – draining messages", nil, ""},
		{"exit", nil, ""},
		{"%s - %v", []any{analytics.ErrMessageTooBig, m}, analytics.ErrMessageTooBig.Error() + " - analytics.Track"},
		{"buffer (%d/%d) %v", []any{1, 2, m}, "buffer (1/2) analytics.Track"},
		{"exceeded messages batch limit with batch of %d messages – flushing", []any{2}, "exceeded messages batch limit with batch of 2 messages – flushing"},
		{"flushing %d messages", []any{2}, "flushing 2 messages"},
	} {
		var l lines
		u := upstream{NewLogger(&l)}
		u.Errorf(call.format, call.args...)
		u.Logf(call.format, call.args...)
		if call.want == "" {
			require.Empty(t, l.written)
			continue
		}
		require.Equal(t, []string{call.want, call.want}, l.written)
	}
}

func TestLogLinesAreSingleLines(t *testing.T) {
	var l lines
	NewLogger(&l).Errorf("a %s", "b\r\nc\x1b[0m\u2028d%s")
	require.Equal(t, []string{"a b  c [0m d%s"}, l.written)
	require.False(t, strings.ContainsAny(l.written[0], "\r\n"))
}
