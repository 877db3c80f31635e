package consent_test

import (
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
)

// Customer.io passes events on to a destination that is connected there. It documents no way
// to stop it there, so that a message is suppressed if the destination is denied.
func ExampleGate() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"messaging": {"Customer.io"}, "analytics": {"Mixpanel"},
	}})
	client, err := consent.NewSegment("key", analytics.Config{Endpoint: consent.EndpointCustomerIO}, policy, &consent.Options{
		Router: consent.Gate{Destinations: []string{"Customer.io", "Mixpanel"}},
		OnOutcome: func(_ analytics.Message, o consent.Outcome) {
			fmt.Println(o.Result+":", o.Reason)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := client.With(consenttest.Grant("messaging")).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"}); err != nil {
		fmt.Println(err)
	}
	_ = client.Close()
	// Output:
	// suppressed: a denied destination is one that nothing in the message can stop
}
