package snowplow_test

import (
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
	"github.com/go-consent/segment/consent/snowplow"
	"github.com/go-consent/segment/destinations"
)

// A pipeline that stores events and forwards them to Braze.
func Example() {
	pipeline, err := snowplowtest.Start(snowplowtest.Pipeline{Destinations: []string{"Snowplow", "Braze"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pipeline.Stop()

	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Snowplow"}, "advertising": {"Braze"},
	}})
	client, err := snowplow.New(snowplow.Config{
		Collector: pipeline.URL(), AppID: "shop",
		Schemas: map[string]string{"Order Completed": "iglu:com.example/order_completed/jsonschema/1-0-0"},
	}, snowplow.Router{
		Destinations: []string{"Snowplow", "Braze"},
		GDPR:         &snowplow.GDPR{DocumentID: "privacy", DocumentVersion: "3"},
		Preferences: &snowplow.Preferences{
			URL: "https://shop.example/privacy", Version: "3", Domains: []string{"shop.example"}, Necessary: []string{"necessary"},
		},
	}, policy, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	everything := consenttest.Grant("analytics", "advertising")
	analyticsOnly := consenttest.Grant("analytics").Restrict(consenttest.Deny("advertising"))
	for _, s := range []consent.State{everything, analyticsOnly} {
		err = client.With(s).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}})
		if err != nil {
			fmt.Println(err)
		}
	}
	if err := client.Tell(consent.Answer{State: analyticsOnly, UserID: "u1"}); err != nil {
		fmt.Println(err)
	}
	_ = client.Close()
	fmt.Println("suppressed:", client.Stats().Suppressed)
	for _, e := range pipeline.Events() {
		if e.Schema == "iglu:com.example/order_completed/jsonschema/1-0-0" {
			fmt.Printf("%s %s\n", e.Data, e.Entity("iglu:com.snowplowanalytics.snowplow/gdpr/jsonschema/1-0-0"))
		}
	}
	for _, e := range pipeline.Events() {
		if e.Schema == "iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0" {
			fmt.Printf("%s\n", e.Data)
		}
	}
	// Output:
	// suppressed: 1
	// {"total":24.9} {"basisForProcessing":"consent","documentId":"privacy","documentVersion":"3"}
	// {"eventType":"allow_selected","basisForProcessing":"consent","consentUrl":"https://shop.example/privacy","consentVersion":"3","consentScopes":["necessary","analytics"],"domainsApplied":["shop.example"]}
}
