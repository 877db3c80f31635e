package segmenttest_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/internal/failtest"
)

// What the client says for a whole batch, in its DefaultContext, counts for every event.
func TestContextOfTheBatchIsMerged(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Facebook Pixel"},
		Categories:   map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
	})
	config := segment.Config()
	config.DefaultContext = &analytics.Context{Locale: "de", Extra: map[string]any{
		"consent":   map[string]any{"categoryPreferences": map[string]bool{"analytics": true, "advertising": true}},
		"providers": map[string]bool{"Amplitude": true},
	}}
	client, err := analytics.NewWithConfig(segment.WriteKey(), config)
	require.NoError(t, err)
	require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "Ordered", MessageId: "m", Context: &analytics.Context{
		Locale: "fr", Extra: map[string]any{"consent": map[string]any{"categoryPreferences": map[string]bool{"analytics": false}}},
	}}))
	require.NoError(t, client.Close())

	sent := segment.RequireArrivals(t, 1)[0]
	require.Equal(t, [][]byte{sent.JSON}, segment.Sent())
	require.Contains(t, string(sent.JSON), `"consent":{"categoryPreferences":{"advertising":true,"analytics":false}}`)
	require.Contains(t, string(sent.JSON), `"providers":{"Amplitude":true}`)
	require.Contains(t, string(sent.JSON), `"locale":"fr"`, "the event's own value wins")
	require.Contains(t, string(sent.JSON), `"library":{"name":"analytics-go"`)
	segment.RequireInbox(t, "Amplitude", 0)
	segment.RequireInbox(t, "Facebook Pixel", 1) // what the event left out came from the batch
}

// A failure of RequireInbox ends with what to do.
func TestCuresOfAnInbox(t *testing.T) {
	closed := integrations{"All": false}
	for name, test := range map[string]struct {
		message analytics.Track
		want    int
		cure    string
	}{
		"unstamped":                  {analytics.Track{}, 0, "cure: send every event with client.For(ctx).Enqueue"},
		"delivered":                  {analytics.Track{Context: categories(map[string]bool{"analytics": true})}, 0, "cure: where it was sent, bind the client"},
		"closed by its integrations": {analytics.Track{Integrations: closed}, 1, "give the Config the destination by exactly this name"},
		"closed by its consent":      {analytics.Track{Context: categories(map[string]bool{"analytics": false})}, 1, "let the Config and the workspace have the destination in the same categories"},
	} {
		t.Run(name, func(t *testing.T) {
			segment := segmenttest.New(t, segmenttest.Workspace{
				Destinations: []string{"Amplitude"}, Categories: map[string][]string{"analytics": {"Amplitude"}},
			})
			test.message.UserId, test.message.Event = "u", "Ordered"
			send(t, segment.Config(), segment.WriteKey(), test.message)
			require.Contains(t, failtest.One(t, func(tb testing.TB) { segment.RequireInbox(tb, "Amplitude", test.want) }), test.cure)
		})
	}
}
