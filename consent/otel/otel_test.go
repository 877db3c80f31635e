package otel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/otel"
	"github.com/go-consent/segment/consent/telemetry"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
})

// collected returns a line for each value that a reader collects, sorted.
func collected(t testing.TB, reader *sdk.ManualReader) []string {
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(context.Background(), &all))
	var lines []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			var points []metricdata.DataPoint[int64]
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				require.True(t, data.IsMonotonic)
				points = data.DataPoints
			case metricdata.Gauge[int64]:
				points = data.DataPoints
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					lines = append(lines, fmt.Sprintf("%s%s %v", m.Name, p.Attributes.Encoded(attribute.DefaultEncoder()), p.Value))
				}
			}
			for _, p := range points {
				lines = append(lines, fmt.Sprintf("%s%s %d", m.Name, p.Attributes.Encoded(attribute.DefaultEncoder()), p.Value))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestWhatIsCollectedIsWhatWasCounted(t *testing.T) {
	reader := sdk.NewManualReader()
	meter := telemetry.New(policy)
	client := consent.New(consent.Discard, policy, &consent.Options{OnDecision: meter.Decided})
	registration, err := otel.Register(sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test"), client.Stats, meter)
	require.NoError(t, err)

	order := analytics.Track{UserId: "u-7", Event: "Order Completed"}
	require.NoError(t, client.With(consent.NewState(map[string]bool{"analytics": true})).Enqueue(order))
	require.NoError(t, client.For(context.Background()).Enqueue(order))
	meter.Unread(nil, errors.New("unreadable"))
	lines := collected(t, reader)
	for _, want := range []string{
		"consent.messagesoutcome=discarded 1", "consent.messagesoutcome=suppressed 1", "consent.messagesoutcome=failed 0",
		"consent.messages.unbound 1", "consent.messages.pending 0", "consent.messages.exempt 0", "consent.messages.unenforced 0", "consent.errors 1",
		"consent.decisionsallowed=true,destination=Amplitude,reason=the visitor granted every category of it 1",
		"consent.decisionsallowed=false,destination=Facebook Pixel,reason=no answer\\, and the policy is opt-in 1",
	} {
		require.Contains(t, lines, want)
	}
	require.NotContains(t, fmt.Sprint(lines), "u-7")

	require.NoError(t, registration.Unregister())
	require.Empty(t, collected(t, reader))
}

func TestWithoutDecisions(t *testing.T) {
	reader := sdk.NewManualReader()
	client := consent.New(consent.Discard, policy, nil)
	_, err := otel.Register(sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test"), client.Stats, nil)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(collected(t, reader)), "decisions")
}

func Example() {
	reader := sdk.NewManualReader() // a program has an exporter
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	meter := telemetry.New(policy)
	client := consent.New(consent.Discard, policy, &consent.Options{OnDecision: meter.Decided})
	registration, err := otel.Register(provider.Meter("shop"), client.Stats, meter)
	if err != nil {
		panic(err)
	}
	defer registration.Unregister()
	fmt.Println(client.Stats().Enqueued, len(meter.Counts()))
	// Output:
	// 0 0
}
