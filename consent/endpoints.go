package consent

import (
	"net/url"
	"strings"
)

// EndpointEU is the endpoint of European workspaces, for [analytics.Config]. A
// workspace accepts data only at the endpoint of its own region.
const EndpointEU = "https://events.eu1.segmentapis.com"

// Endpoints of services that accept what analytics-go sends, for the Endpoint of its Config.
// Neither service documents that it respects the consent object or the integrations object of an
// event (as of November 2026). So a Client that sends there needs a [Gate]; without a Router,
// NewSegment refuses these endpoints:
//
//	consent.NewSegment(key, analytics.Config{Endpoint: consent.EndpointCustomerIO}, policy,
//		&consent.Options{Router: consent.Gate{Destinations: []string{"Customer.io", "Mixpanel"}}})
const (
	// EndpointCustomerIO is the endpoint of Customer.io's Pipelines API in the US
	// (docs.customer.io/integrations/api/cdp).
	EndpointCustomerIO = "https://cdp.customer.io"
	// EndpointCustomerIOEU is the same in the EU. An account has one region.
	EndpointCustomerIOEU = "https://cdp-eu.customer.io"
	// EndpointHightouch is the endpoint of Hightouch Events in the region us-east-1
	// (hightouch.com/docs/events/sdks/http). A workspace of another region has its own.
	EndpointHightouch = "https://us-east-1.hightouch-events.com"
)

// needsRouter reports whether an endpoint belongs to one of these services.
func needsRouter(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, domain := range [...]string{"customer.io", "hightouch-events.com"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}
