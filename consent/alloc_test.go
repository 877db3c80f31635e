package consent_test

import (
	"context"
	"io"
	"log"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

type discard struct{}

func (discard) Enqueue(analytics.Message) error { return nil }
func (discard) Close() error                    { return nil }

// For an answer that was seen before, the stamp is not made again, however the visitor was
// asked. Counted is everything up to the queue, including the copy of the message.
func TestEnqueueAllocatesLittle(t *testing.T) {
	answers := map[string]bool{"Amplitude": true, "Mixpanel": true, "Facebook Pixel": false}
	for asked, s := range map[string]consent.State{"category": acceptAnalytics, "destination": acceptAnalytics.WithDestinations(answers)} {
		for name, m := range map[string]analytics.Message{
			"bare":         analytics.Track{UserId: "u", Event: "e"},
			"with context": &analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Locale: "de"}, Properties: analytics.Properties{"total": 1.5}},
		} {
			client, err := consent.NewSegment("key", analytics.Config{
				Interval: time.Hour, BatchSize: 10_000, Logger: analytics.StdLogger(log.New(io.Discard, "", 0)),
			}, policy, nil)
			require.NoError(t, err)
			visitor := client.With(s)
			allocs := testing.AllocsPerRun(200, func() { _ = visitor.Enqueue(m) })
			require.LessOrEqual(t, allocs, 4.0, "asked by %s, %s", asked, name)
			require.EqualValues(t, 201, client.Stats().Pending())
			ended, end := context.WithCancel(t.Context())
			end() // nothing is sent
			_, _ = client.Shutdown(ended)
		}
		suppressed := consent.New(discard{}, policy, nil).With(consent.All(consent.Denied))
		require.LessOrEqual(t, testing.AllocsPerRun(200, func() { _ = suppressed.Enqueue(ordered()) }), 1.0, "the interface of the message")
	}
}
