package rudderstacktest_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
)

// What RudderStack's server does with an event in which the visitor has granted analytics and
// nothing else. In a test the event comes from a client of the rudderstack package.
func ExampleStart() {
	plane, err := rudderstacktest.Start(rudderstacktest.Source{Destinations: []rudderstacktest.Destination{
		rudderstacktest.Needs("Amplitude", "analytics"),
		rudderstacktest.Needs("Facebook Pixel", "ads"),
		{Name: "Amazon S3"}, // nothing is set up there
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer plane.Stop()

	request, _ := http.NewRequest("POST", plane.URL()+"/v1/track", strings.NewReader(`{
		"userId": "u-1", "event": "Order Completed",
		"integrations": {"All": false, "Amplitude": true, "Facebook Pixel": true},
		"context": {"consentManagement": {
			"provider": "custom", "allowedConsentIds": ["analytics"], "deniedConsentIds": ["ads"]
		}}
	}`))
	request.SetBasicAuth(plane.WriteKey(), "")
	if _, err := http.DefaultClient.Do(request); err != nil {
		fmt.Println(err)
	}
	for _, d := range plane.Arrivals()[0].Deliveries {
		fmt.Printf("%s: %t %q\n", d.Destination, d.Delivered, d.Reason)
	}
	// Output:
	// Amplitude: true ""
	// Facebook Pixel: false "filtered by the consentManagement object"
	// Amazon S3: false "filtered by the integrations object"
}
