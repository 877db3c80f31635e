package rudderstack_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/rudderstack"
	"github.com/go-consent/segment/destinations"
)

func Example() {
	plane := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plane.Close()

	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"}, "ads": {"Facebook Pixel"},
	}})
	client, err := rudderstack.New("write key", rudder.Config{DataPlaneUrl: plane.URL}, rudderstack.Router{}, policy, &consent.Options{
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
	fmt.Println("delivered:", client.Stats().Delivered)
	// Output:
	// Amplitude: allowed, the visitor granted every category of it (analytics)
	// Facebook Pixel: denied, the visitor denied a category (ads)
	// delivered: 1
}
