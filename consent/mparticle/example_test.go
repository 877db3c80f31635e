package mparticle_test

import (
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/mparticletest"
	"github.com/go-consent/segment/consent/mparticle"
	"github.com/go-consent/segment/destinations"
)

func Example() {
	fake, err := mparticletest.Start(mparticletest.Workspace{
		Connections: []mparticletest.Connection{{Output: "Amplitude", Purpose: "analytics"}, {Output: "Facebook Pixel", NoSale: true}},
		Purposes:    []string{"analytics", "ads"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Stop()

	policy := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "ads": {"Facebook Pixel"}},
		Always:     []string{"mParticle"},
	})
	// As it is set up in mParticle's interface.
	router := mparticle.Router{
		Outputs: []mparticle.Output{{Name: "mParticle"}, {Name: "Amplitude", Purpose: "analytics"}, {Name: "Facebook Pixel", NoSale: true}},
		Sale:    []string{"ads"},
	}
	config := mparticle.Config{Endpoint: fake.URL(), Key: fake.Key(), Secret: fake.Secret()} // in production: Pod, and no Endpoint
	client, err := mparticle.New(config, router, policy, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	visitor := consenttest.Grant("analytics").Restrict(consenttest.Deny("ads"))
	if err := client.With(visitor).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"}); err != nil {
		fmt.Println(err)
	}
	_ = client.Close()

	for _, arrival := range fake.Arrivals() {
		for _, d := range arrival.Deliveries {
			fmt.Printf("%s to %s: %t %q\n", arrival.Name, d.Output, d.Delivered, d.Reason)
		}
	}
	// Output:
	// Order Completed to Amplitude: true ""
	// Order Completed to Facebook Pixel: false "filtered by the rule on the CCPA opt-out"
}
