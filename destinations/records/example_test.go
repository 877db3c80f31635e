package records_test

import (
	"fmt"
	"strings"

	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/destinations/records"
)

func ExampleCookies() {
	register, err := destinations.Load(strings.NewReader(`{
		"version": 1,
		"controller": {"name": "Shop Ltd"},
		"categories": [{"name": "analytics"}],
		"destinations": [{
			"name": "Heap", "vendor": {"name": "Heap Inc.", "role": "processor"}, "categories": ["analytics"],
			"transfers": [{"country": "US", "safeguard": "standard contractual clauses"}],
			"cookies": [{"name": "hp_id", "purpose": "statistics", "duration": "13 months"}]
		}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(records.Cookies(register).Markdown())
	// Output:
	// ## Cookies, and who receives data through us
	//
	// | Category | Provider | Role | Cookie | Purpose | Duration | Data leave for |
	// |---|---|---|---|---|---|---|
	// | analytics | Heap<br>Heap Inc. | processor | hp\_id | statistics | 13 months | US: standard contractual clauses |
}
