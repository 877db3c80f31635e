package segmenttest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
)

type integrations = analytics.Integrations

var policy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Mixpanel"},
		"advertising": {"Facebook Pixel"},
	},
})

func enqueue(t testing.TB, client *consent.Client, messages ...analytics.Message) {
	t.Helper()
	for _, m := range messages {
		require.NoError(t, client.Enqueue(m))
	}
}

func order(user string) analytics.Message {
	return &analytics.Track{UserId: user, Event: "Ordered"}
}

func categories(preferences map[string]bool) *analytics.Context {
	return &analytics.Context{Extra: map[string]any{"consent": map[string]any{"categoryPreferences": preferences}}}
}

// quiet is a configuration that keeps the faults of a test out of its output.
func quiet(segment *segmenttest.Segment) analytics.Config {
	config := segment.Config()
	config.Logger = analytics.StdLogger(log.New(io.Discard, "", 0))
	return config
}

// send sends messages with a client of analytics-go, and waits until they are there.
func send(t testing.TB, config analytics.Config, key string, messages ...analytics.Message) {
	t.Helper()
	client, err := analytics.NewWithConfig(key, config)
	require.NoError(t, err)
	for _, m := range messages {
		require.NoError(t, client.Enqueue(m))
	}
	require.NoError(t, client.Close())
}

func post(t testing.TB, s *segmenttest.Segment, call string, header http.Header, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequest("POST", s.URL()+"/v1/"+call, strings.NewReader(body))
	require.NoError(t, err)
	if header != nil {
		r.Header = header
	}
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	response.Body.Close()
	return response
}

func compressed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}
