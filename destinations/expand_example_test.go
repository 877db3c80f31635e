package destinations_test

import (
	"fmt"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// An answer by category, expanded to what the Consent Manager would write.
func ExamplePolicy_Expand() {
	policy := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{
			"analytics":   {"Amplitude"},
			"advertising": {"Facebook Pixel"},
		},
		Aliases: map[string][]string{"Amplitude": {"Actions Amplitude"}}, // its creationName
	})
	answer := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	for name, granted := range policy.Expand(answer).Destinations() {
		fmt.Println(name, granted)
	}
	// Output:
	// Actions Amplitude true
	// Amplitude true
	// Facebook Pixel false
}
