package consenttest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/internal/failtest"
)

const around = " around the consent.Client, and would reach every destination\n\tcure: " +
	"send it with client.For(ctx).Enqueue, and give no other client this write key"

func TestGuardFindsAClientThatGoesAround(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	before := http.DefaultTransport
	got := failtest.All(t, func(tb testing.TB) {
		consenttest.Guard(tb)
		require.IsType(tb, before, http.DefaultTransport)
		send(tb, segment.Config(), segment.WriteKey(), order("u-1"), analytics.Identify{AnonymousId: "v-1"},
			analytics.Track{UserId: "u-2", Event: "Stamped", Context: categories(map[string]bool{"analytics": false})})
	})
	require.Same(t, before, http.DefaultTransport)
	require.Equal(t, []string{
		`consenttest: track "Ordered" by u-1 left for 127.0.0.1` + around,
		`consenttest: identify by v-1 left for 127.0.0.1` + around,
	}, got)
	require.Zero(t, segment.Requests(), "a batch with an unstamped event left")
}

func TestGuardLetsTheClientPass(t *testing.T) {
	consenttest.Guard(t)
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), policy, nil)
	require.NoError(t, err)
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u"),
		analytics.Track{UserId: "u", Event: consent.UpdateEvent})
	require.NoError(t, client.Close())
	require.Len(t, segment.RequireInbox(t, "Amplitude", 1), 1)
	require.Len(t, segment.Arrivals(), 2)
}

func TestGuardLooksAtRequestsForSegment(t *testing.T) {
	other := segmenttest.New(t, segmenttest.Workspace{WriteKey: "key"})
	const stamped = `{"writeKey":"key","userId":"u","type":"page","context":{"consent":{"categoryPreferences":{"a":true}}}}`
	zipped := http.Header{"Content-Encoding": {"gzip"}}
	writeKey := http.Header{"Authorization": {"Basic a2V5Og=="}} // "key:"
	for _, test := range []struct {
		name, method, url string
		header            http.Header
		body              string
		found             string
	}{
		{"a host of Segment", "POST", "https://api.segment.io/anything", nil, `{"type":"page","name":"Home"}`, `page "Home" left for api.segment.io`},
		{"the European host", "POST", "https://EVENTS.eu1.segmentapis.com:443/v1/batch", nil, `{"batch":[{"type":"group","userId":"u"}]}`, "group by u left for events.eu1.segmentapis.com"},
		{"a single call", "POST", other.URL() + "/v1/track", nil, `{"event":"e","userId":"u"}`, `track "e" by u left for 127.0.0.1`},
		{"empty preferences", "POST", other.URL() + "/v1/page", nil, `{"context":{"consent":{"categoryPreferences":{}}}}`, `page left for 127.0.0.1`},
		{"gzip", "POST", other.URL() + "/v1/page", zipped, compressed(`{"name":"Home"}`), `page "Home" left for 127.0.0.1`},
		{"no gzip", "POST", other.URL() + "/v1/page", zipped, `{}`, "a request that cannot be read left for 127.0.0.1"},
		{"cut gzip", "POST", other.URL() + "/v1/page", zipped, compressed(stamped)[:20], "a request that cannot be read left for 127.0.0.1"},
		{"no JSON", "POST", other.URL() + "/v1/page", nil, `{`, "a request that cannot be read left for 127.0.0.1"},
		{"no batch", "POST", other.URL() + "/v1/batch", nil, `[]`, "a request that cannot be read left for 127.0.0.1"},
		{"a proxy's path", "POST", other.URL() + "/segment/v1/batch", writeKey, `{"batch":[{"type":"group","userId":"u"}]}`, "group by u left for 127.0.0.1"},
		{"too large", "POST", other.URL() + "/v1/page", nil, stamped + strings.Repeat(" ", 500<<10), "a request that cannot be read left for 127.0.0.1"},

		{"stamped", "POST", other.URL() + "/v1/page", nil, stamped, ""},
		{"stamped gzip", "POST", other.URL() + "/v1/page", zipped, compressed(stamped), ""},
		{"another API", "POST", other.URL() + "/v1/orders", nil, `{"event":"e","userId":"u"}`, ""},
		{"another API with batches", "POST", other.URL() + "/orders/v1/batch", nil, `{"batch":[{"type":"group","userId":"u"}]}`, ""},
		{"another path", "POST", other.URL() + "/v2/track", nil, `{"event":"e","userId":"u"}`, ""},
		{"a GET", "GET", other.URL() + "/v1/projects/key/settings", nil, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var want []string
			if test.found != "" {
				want = []string{"consenttest: " + test.found + around}
			}
			require.Equal(t, want, failtest.All(t, func(tb testing.TB) {
				consenttest.Guard(tb)
				r, err := http.NewRequest(test.method, test.url, strings.NewReader(test.body))
				require.NoError(tb, err)
				r.Header = test.header.Clone()
				r.Close = true
				response, err := http.DefaultClient.Do(r)
				require.NoError(tb, err)
				response.Body.Close()
			}))
		})
	}
	require.Len(t, other.Arrivals(), 2, "the stamped ones")
}

// A transport that was taken from http.DefaultTransport during the test is still watched after
// it. What it sends then does not leave, and does not fail the test that has ended.
func TestGuardAfterTheTest(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{})
	tb := &failtest.TB{TB: t}
	consenttest.Guard(tb)
	config := segment.Config()
	config.Transport = http.DefaultTransport
	tb.End()
	send(t, config, segment.WriteKey(), order("u"))
	require.Zero(t, segment.Requests())
	require.Empty(t, tb.Failures())
}

func TestGuardRefusesAParallelTest(t *testing.T) {
	before := http.DefaultTransport
	t.Run("parallel", func(t *testing.T) {
		t.Parallel()
		require.Panics(t, func() { consenttest.Guard(t) })
	})
	require.Same(t, before, http.DefaultTransport)
}

func categories(preferences map[string]bool) *analytics.Context {
	return &analytics.Context{Extra: map[string]any{"consent": map[string]any{"categoryPreferences": preferences}}}
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

func compressed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}
