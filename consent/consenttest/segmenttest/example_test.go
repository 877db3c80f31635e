package segmenttest_test

import (
	"fmt"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// The whole way, with the real client: what the policy lets out, and what Segment then
// does with it.
func TestSignUpArrivesAtSegment(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Mixpanel", "Facebook Pixel"},
		Categories:   map[string][]string{"analytics": {"Amplitude", "Mixpanel"}, "advertising": {"Facebook Pixel"}},
	})
	segment.Script(segmenttest.Fault{Status: 503}) // the first request fails
	client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), policy, nil)
	if err != nil {
		t.Fatal(err)
	}
	visitor := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	if err := client.With(visitor).Enqueue(analytics.Track{UserId: "u-1", Event: "Signed Up"}); err != nil {
		t.Fatal(err)
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	client.Close()
	segment.RequireInbox(t, "Amplitude", 1)
	segment.RequireInbox(t, "Facebook Pixel", 0)
	segment.RequireKnownNames(t)
}

// A program may have a fake Segment as well: a demonstration, or a developer's machine.
func ExampleStart() {
	segment, err := segmenttest.Start(segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Facebook Pixel"},
		Categories:   map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
		Keep:         100, // events
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer segment.Stop()

	client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), policy, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	visitor := consent.NewState(map[string]bool{"analytics": true})
	_ = client.With(visitor).Enqueue(analytics.Track{UserId: "u-1", Event: "Signed Up"})
	client.Close()

	for _, arrival := range segment.Arrivals() {
		for _, d := range arrival.Deliveries {
			fmt.Printf("%s to %s: %t %q\n", arrival.Type, d.Destination, d.Delivered, d.Reason)
		}
	}
	// Output:
	// track to Amplitude: true ""
	// track to Facebook Pixel: false "filtered by end user consent"
}
