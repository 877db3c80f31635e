package consent_test

import (
	"context"
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// Events of machines need no consent. A message that is recognizably about a person is refused.
func ExampleClient_Exempt() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"},
	}})
	client := consent.New(printer{}, policy, nil)
	clusters := client.Exempt("telemetry of our own clusters")
	err := clusters.Enqueue(analytics.Track{AnonymousId: "cluster-eu-1", Event: "Cluster Scaled"})
	fmt.Println(err)
	err = clusters.Enqueue(analytics.Track{UserId: "u1", Event: "Cluster Scaled"})
	fmt.Println(err)
	fmt.Println(client.Stats().Exempt, "messages of exempt clients")
	// Output:
	// Cluster Scaled
	// integrations {"All":false,"Amplitude":true,"Warehouses":{"all":false}}
	// consent {"categoryPreferences":{"analytics":true},"destinationPreferences":{}}
	// <nil>
	// consent: not exempt: UserId is set
	// 2 messages of exempt clients
}

// One event is strictly necessary for one destination; the visitor's answer holds for all
// others, and is what the consent object says.
func ExampleClient_Necessary() {
	policy := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Sift"}},
	})
	client := consent.New(printer{}, policy, &consent.Options{
		OnDecision: func(_ analytics.Message, d consent.Decision) {
			for v := range d.Verdicts() {
				fmt.Println(v)
			}
		},
	})
	ctx := consent.NewContext(context.Background(), consent.NewState(map[string]bool{
		"analytics": false, "advertising": false,
	}))
	err := client.For(ctx).Necessary("fraud check of a payment", "Sift").
		Enqueue(analytics.Track{UserId: "u1", Event: "Payment Started"})
	fmt.Println(err)
	// Output:
	// Amplitude: denied, the visitor denied a category (analytics)
	// Sift: allowed, strictly necessary for this message (fraud check of a payment)
	// Payment Started
	// integrations {"All":false,"Sift":true,"Warehouses":{"all":false}}
	// consent {"categoryPreferences":{"advertising":false,"analytics":false},"destinationPreferences":{}}
	// <nil>
}
