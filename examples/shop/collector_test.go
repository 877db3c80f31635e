package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// send posts a body to the collector.
func send(t *testing.T, c *collector, key, encoding string, body []byte) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.url+"/v1/batch", bytes.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth(key, "")
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(b)
}

func gzipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, s)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

const validEvent = `{"type":"track","messageId":"m","anonymousId":"a","event":"e"}`

func batchOf(events ...string) string { return `{"batch":[` + strings.Join(events, ",") + `]}` }

func startTestCollector(t *testing.T) *collector {
	t.Helper()
	c, err := startCollector(workspaceFor(policyConfig()))
	require.NoError(t, err)
	t.Cleanup(func() { c.close() })
	return c
}

func TestCollectorTakesBatches(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		c := startTestCollector(t)
		body := []byte(batchOf(validEvent, validEvent))
		if encoding == "gzip" {
			body = gzipped(t, string(body))
		}
		status, answer := send(t, c, c.writeKey, encoding, body)
		require.Equal(t, http.StatusOK, status, answer)
		sent, at := c.counts()
		require.Equal(t, 2, sent)
		// Without a consent object Segment delivers to everyone.
		require.Equal(t, 2, at["TikTok Conversions"])
		require.Equal(t, 2, at["Google Ads Conversions"])
	}
}

func TestCollectorRefuses(t *testing.T) {
	c := startTestCollector(t)
	long := strings.Repeat("x", maxEvent)
	many := batchOf(strings.Split(strings.Repeat(validEvent+"\n", 2500)+validEvent, "\n")...)
	tests := []struct {
		name, want, body, key, encoding string
		status                          int
	}{
		{name: "another write key", key: "guess", body: batchOf(validEvent), status: 401, want: "wrong write key"},
		{name: "no write key", key: "", body: batchOf(validEvent), status: 401, want: "wrong write key"},
		{name: "no JSON", key: c.writeKey, body: "{", status: 400, want: "not JSON"},
		{name: "an event that is no object", key: c.writeKey, body: batchOf(validEvent, `"x"`), status: 400, want: "not an object"},
		{name: "an unknown type", key: c.writeKey, body: batchOf(validEvent, strings.Replace(validEvent, "track", "trace", 1)), status: 400, want: "no known type"},
		{name: "no messageId", key: c.writeKey, body: batchOf(validEvent, strings.Replace(validEvent, `"m"`, `""`, 1)), status: 400, want: "messageId"},
		{name: "nobody's event", key: c.writeKey, body: batchOf(validEvent, strings.Replace(validEvent, `"a"`, `""`, 1)), status: 400, want: "neither userId"},
		{name: "malformed integrations", key: c.writeKey, body: batchOf(validEvent, strings.Replace(validEvent, "{", `{"integrations":1,`, 1)), status: 400, want: "malformed consent"},
		{name: "an event over 32 KB", key: c.writeKey, body: batchOf(validEvent, strings.Replace(validEvent, `"e"`, `"`+long+`"`, 1)), status: 400, want: "over 32 KB"},
		{name: "a batch over 500 KB", key: c.writeKey, body: batchOf(validEvent) + strings.Repeat(" ", maxBatch), status: 400, want: "over 500 KB"},
		{name: "a batch over 500 KB once unpacked", key: c.writeKey, encoding: "gzip", body: string(gzipped(t, batchOf(validEvent)+strings.Repeat(" ", maxBatch))), status: 400, want: "over 500 KB"},
		{name: "more than 2500 events", key: c.writeKey, encoding: "gzip", body: string(gzipped(t, many)), status: 400, want: "2500 events"},
		{name: "a false gzip", key: c.writeKey, encoding: "gzip", body: batchOf(validEvent), status: 400, want: "not gzip"},
		{name: "an unknown encoding", key: c.writeKey, encoding: "br", body: batchOf(validEvent), status: 400, want: "unknown encoding"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, answer := send(t, c, test.key, test.encoding, []byte(test.body))
			require.Equal(t, test.status, status, answer)
			require.Contains(t, answer, test.want)
			sent, _ := c.counts()
			require.Zero(t, sent, "taken whole or not at all")
		})
	}
}
