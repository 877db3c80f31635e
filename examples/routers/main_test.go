package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func run(t *testing.T) (*fakes, string) {
	t.Helper()
	f, err := start()
	require.NoError(t, err)
	t.Cleanup(f.stop)
	var out strings.Builder
	require.NoError(t, f.run(&out))
	return f, out.String()
}

// The README shows what the program prints.
func TestREADMEShowsTheOutput(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, out := run(t)
	require.Contains(t, string(readme), "```\n"+out+"```")
}

// What the fakes themselves say of a visitor who rejects advertising.
func TestNothingRejectedArrives(t *testing.T) {
	f, _ := run(t)
	f.segment.RequireInbox(t, "Amplitude", 2)
	f.segment.RequireInbox(t, "Facebook Pixel", 0)
	f.rudderstack.RequireInbox(t, "Amplitude", 2)
	f.rudderstack.RequireInbox(t, "Facebook Pixel", 0)
	f.snowplow.RequireEvents(t, 3)
	f.snowplow.RequireNoFailures(t)
	f.snowplowAds.RequireEvents(t, 0)
	f.mparticle.RequireInbox(t, "Amplitude", 2)
	f.mparticle.RequireInbox(t, "Facebook Pixel", 0)
	require.Empty(t, f.segment.Refusals())
	require.Empty(t, f.rudderstack.Refusals())
	require.Empty(t, f.mparticle.Refusals())
}

// A visitor who accepts everything reaches every destination, so that the test above shows
// more than that nothing arrives.
func TestEverythingAcceptedArrives(t *testing.T) {
	rejected := visitor
	t.Cleanup(func() { visitor = rejected })
	visitor = consent.NewState(map[string]bool{"analytics": true, "advertising": true})
	f, out := run(t)
	f.segment.RequireInbox(t, "Facebook Pixel", 2)
	f.rudderstack.RequireInbox(t, "Facebook Pixel", 2)
	f.snowplowAds.RequireInbox(t, "Facebook Pixel", 2)
	f.mparticle.RequireInbox(t, "Facebook Pixel", 2)
	require.NotContains(t, out, "nothing")
}
