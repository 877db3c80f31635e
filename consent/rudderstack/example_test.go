package rudderstack_test

import (
	"fmt"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/consent/rudderstack"
	"github.com/go-consent/segment/destinations"
)

func Example() {
	plane, err := rudderstacktest.Start(rudderstacktest.Source{Destinations: []rudderstacktest.Destination{
		{Name: "Amplitude"}, {Name: "Facebook Pixel"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer plane.Stop()

	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"}, "ads": {"Facebook Pixel"},
	}})
	client, err := rudderstack.New(plane.WriteKey(), rudder.Config{DataPlaneUrl: plane.URL()}, rudderstack.Router{}, policy, &consent.Options{
		OnDecision: func(_ analytics.Message, d consent.Decision) {
			for v := range d.Verdicts() {
				fmt.Println(v)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := consenttest.Grant("analytics").Restrict(consenttest.Deny("ads"))
	if err := client.With(s).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"}); err != nil {
		fmt.Println(err)
	}
	_ = client.Close()
	fmt.Println("delivered to RudderStack:", client.Stats().Delivered)
	fmt.Println("and from there to Amplitude:", len(plane.Inbox("Amplitude")), "and Facebook Pixel:", len(plane.Inbox("Facebook Pixel")))
	// Output:
	// Amplitude: allowed, the visitor granted every category of it (analytics)
	// Facebook Pixel: denied, the visitor denied a category (ads)
	// delivered to RudderStack: 1
	// and from there to Amplitude: 1 and Facebook Pixel: 0
}
