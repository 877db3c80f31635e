package destinations_test

import (
	"fmt"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

func ExampleCompile() {
	policy, err := destinations.Compile(destinations.Config{
		Categories: map[string][]string{
			"analytics":   {"Amplitude (Actions)", "Braze"},
			"advertising": {"Facebook Pixel", "Braze"}, // Braze needs both
		},
		Always:  []string{"Webhooks"}, // fraud checks, say
		Aliases: map[string][]string{"Amplitude (Actions)": {"Actions Amplitude"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for v := range policy.Decide(consent.NewState(map[string]bool{"analytics": true})).Verdicts() {
		fmt.Println(v.Destination, v.Allowed)
	}
	// Output:
	// Amplitude (Actions) true
	// Actions Amplitude true
	// Braze false
	// Facebook Pixel false
	// Webhooks true
}

// Every mistake is reported at once.
func ExampleCompile_mistakes() {
	_, err := destinations.Compile(destinations.Config{
		Categories: map[string][]string{"analytics": {"All", "Webhooks"}},
		Always:     []string{"Webhooks"},
	})
	fmt.Println(err)
	// Output:
	// destinations: bad Config: "All" in category "analytics" is a key of Segment's own, no destination
	// destinations: bad Config: destination "Webhooks" is in Always and in category "analytics"
}

// Explain is for the privacy review: what a visitor's answer opens, and why.
func ExamplePolicy_Explain() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics":   {"Amplitude"},
		"advertising": {"Facebook Pixel"},
	}})
	visitor := consent.NewState(map[string]bool{"analytics": true, "Advertising": true})
	fmt.Print(policy.Explain(visitor))
	// Output:
	// Amplitude: allowed, the visitor granted every category of it (analytics)
	// Facebook Pixel: denied, no answer, and the policy is opt-in
	// any other destination: denied, the policy does not list it
	// category advertising: false
	// category analytics: true
	// warning: the answer for category "Advertising" differs from "advertising" in casing or white space: a denial counts, a grant does not
}
