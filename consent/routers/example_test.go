package routers_test

import (
	"context"
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/destinations"
)

// A site moves from Segment to a router that it cannot tell of consent. Until then both get
// every event.
func Example() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"},
	}})
	tell := func(router string) func(analytics.Message, consent.Outcome) {
		return func(_ analytics.Message, o consent.Outcome) { fmt.Println(router, o.Result) }
	}
	// In a program these are clients of consent.NewSegment, rudderstack.New and others.
	var segment, other consenttest.Recorder
	client, err := routers.New(
		routers.Named{Name: "segment", Client: consent.New(&segment, policy, &consent.Options{OnOutcome: tell("Segment:")})},
		routers.Named{Name: "other", Client: consent.New(&other, policy, &consent.Options{
			OnOutcome: tell("the other router:"),
			Router:    consent.Gate{Destinations: []string{"Amplitude", "Facebook Pixel"}},
		})},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	visitor := consent.NewContext(context.Background(), consent.NewState(map[string]bool{"analytics": true, "advertising": false}))
	if err := client.For(visitor).Enqueue(analytics.Track{UserId: "u-1", Event: "Order Completed"}); err != nil {
		fmt.Println(err)
	}
	fmt.Println("Amplitude:", len(segment.Reached("Amplitude")), "Facebook Pixel:", len(segment.Reached("Facebook Pixel")))
	// Output:
	// Segment: accepted
	// the other router: suppressed
	// Amplitude: 1 Facebook Pixel: 0
}
