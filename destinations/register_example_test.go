package destinations_test

import (
	"fmt"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// Every mistake is reported at once, with its line.
func ExampleLoad() {
	_, err := destinations.Load(strings.NewReader(`{
  "version": 1,
  "controller": {"name": "Shop Ltd"},
  "categories": [{"name": "analytics", "purpose": "Statistics", "noticeVersion": "2026-01"}],
  "destinations": [
    {"name": "Amplitude", "categories": ["Analytics"]},
    {"name": "Webhooks", "basis": {"kind": "strictlyNecessary", "reason": "orders"}, "ownr": "Shop"}
  ]
}`))
	for _, m := range destinations.Mistakes(err) {
		fmt.Println(m)
	}
	// Output:
	// line 7: destinations[1].ownr: there is no such key
}

// The register decides. In a program it is a file that the build embeds.
func ExampleRegister_Config() {
	register, err := destinations.Load(strings.NewReader(`{
		"version": 1,
		"controller": {"name": "Shop Ltd"},
		"categories": [{"name": "analytics", "purpose": "Statistics", "noticeVersion": "2026-01"}],
		"destinations": [
			{"name": "Amplitude (Actions)", "creationName": "Actions Amplitude", "categories": ["analytics"]},
			{"name": "Webhooks", "basis": {"kind": "strictlyNecessary", "reason": "delivery of the order"}}
		]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := destinations.MustCompile(register.Config())
	for v := range policy.Decide(consent.NewState(map[string]bool{"analytics": false})).Verdicts() {
		fmt.Println(v.Destination, v.Allowed)
	}
	// Output:
	// Amplitude (Actions) false
	// Actions Amplitude false
	// Webhooks true
}

// What a change of the register opens, and for whom.
func ExampleTable_Wider() {
	before, err := destinations.Tabulate(destinations.Config{Categories: map[string][]string{
		"analytics": {"Braze"}, "marketing": {"Braze"},
	}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := destinations.Tabulate(destinations.Config{Categories: map[string][]string{
		"analytics": nil, "marketing": {"Braze"},
	}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, opening := range after.Wider(before) {
		fmt.Println(opening.Destination, opening.Fingerprint)
		fmt.Println(opening.Rows[0])
	}
	// Output:
	// Braze 80c23e6f92769216
	// "analytics" silent, "marketing" granted
}
