package mparticletest_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent/consenttest/mparticletest"
)

// A program may have a fake mParticle as well. Package consent/mparticle has a client; here the
// request is written by hand.
func Example() {
	fake, err := mparticletest.Start(mparticletest.Workspace{
		Connections: []mparticletest.Connection{{Output: "Amplitude", Purpose: "analytics"}, {Output: "Facebook", NoSale: true}},
		Keep:        100, // events
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Stop()

	r, err := http.NewRequest(http.MethodPost, fake.URL()+"/v2/bulkevents", strings.NewReader(`[{
		"user_identities": {"customer_id": "u1"},
		"consent_state": {
			"gdpr": {"analytics": {"consented": true, "timestamp_unixtime_ms": 1767323045000}},
			"ccpa": {"data_sale_opt_out": {"consented": true, "timestamp_unixtime_ms": 1767323045000}}
		},
		"events": [{"event_type": "screen_view", "data": {"screen_name": "Home"}}]
	}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r.SetBasicAuth(fake.Key(), fake.Secret())
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()

	fmt.Println(response.Status)
	for _, arrival := range fake.Arrivals() {
		for _, d := range arrival.Deliveries {
			fmt.Printf("%s to %s: %t %q\n", arrival.Name, d.Output, d.Delivered, d.Reason)
		}
	}
	// Output:
	// 202 Accepted
	// Home to Amplitude: true ""
	// Home to Facebook: false "filtered by the rule on the CCPA opt-out"
}
