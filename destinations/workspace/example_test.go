package workspace_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/destinations/workspace"
)

// Compares what is connected at Segment with what was reviewed.
func ExampleParseCDN() {
	connected, err := workspace.ParseCDN(
		[]byte(`[
			{"name": "Amplitude (Actions)", "creationName": "Actions Amplitude", "category": "Analytics"},
			{"name": "TikTok Pixel", "creationName": "TikTok Pixel", "category": "Advertising"}
		]`),
		[]byte(`{
			"integrations": {"Actions Amplitude": {"consentSettings": {"categories": ["analytics"]}}},
			"consentSettings": {"allCategories": ["analytics"]}
		}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	register, err := destinations.Load(strings.NewReader(`{
		"version": 1,
		"controller": {"name": "Shop Ltd"},
		"categories": [{"name": "analytics", "purpose": "Statistics", "noticeVersion": "2026-01"}],
		"destinations": [{
			"name": "Amplitude (Actions)", "creationName": "Actions Amplitude",
			"categories": ["analytics"], "basis": {"kind": "consent"},
			"owner": "Product", "reviewer": "Ana Lima", "reviewed": "2026-03-02", "nextReview": "2027-03-02"
		}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	decided, err := destinations.Tabulate(register.Config(), register.Defaults())
	if err != nil {
		fmt.Println(err)
		return
	}
	findings, err := destinations.Audit(register, destinations.AuditOptions{
		Today:     time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		Workspace: &connected,
		Base:      decided,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range findings {
		fmt.Println(f)
		fmt.Println(f.Cure)
	}
	// Output:
	// new: TikTok Pixel: it is connected at Segment and not in the register
	// review it and add it; Segment's catalogue has it under "Advertising", which the Consent Manager takes for "advertising"
}
