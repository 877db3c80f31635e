package recipes

import (
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// NightlyTotal is an event about no person. Segment still requires an id: use that of the
// machine, never one of a visitor.
func NightlyTotal(client *consent.Client, orders int) error {
	return client.Exempt("nightly totals of the warehouse").Enqueue(analytics.Track{
		AnonymousId: "warehouse-1",
		Event:       "Orders Counted",
		Properties:  analytics.NewProperties().Set("orders", orders),
	})
}
