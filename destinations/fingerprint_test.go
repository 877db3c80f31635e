package destinations_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
)

func TestFingerprintIsThatOfTheTables(t *testing.T) {
	config := func() destinations.Config {
		return destinations.Config{
			Categories: map[string][]string{"a": {"Amplitude", "Mixpanel"}, "b": {"Facebook Pixel", "Amplitude"}},
			Always:     []string{"Webhooks"},
			Aliases:    map[string][]string{"Amplitude": {"Amp", "Amplitude (Actions)"}},
		}
	}
	want := destinations.MustCompile(config()).Fingerprint()
	require.Len(t, want, 64)

	reordered := config()
	reordered.Categories["a"] = []string{"Mixpanel", "Amplitude"}
	reordered.Categories["b"] = []string{"Amplitude", "Facebook Pixel"}
	reordered.Aliases["Amplitude"] = []string{"Amplitude (Actions)", "Amp"}
	require.Equal(t, want, destinations.MustCompile(reordered).Fingerprint())

	seen := map[string]string{want: "the first"}
	for name, change := range map[string]func(*destinations.Config){
		"a destination more":    func(c *destinations.Config) { c.Categories["a"] = append(c.Categories["a"], "Hotjar") },
		"a category less":       func(c *destinations.Config) { delete(c.Categories, "b") },
		"another alias":         func(c *destinations.Config) { c.Aliases["Amplitude"] = []string{"Amp"} },
		"nothing always":        func(c *destinations.Config) { c.Always = nil },
		"opt-out":               func(c *destinations.Config) { c.OptOut = true },
		"imply":                 func(c *destinations.Config) { c.Imply = true },
		"unlisted":              func(c *destinations.Config) { c.AllowUnlisted = true },
		"server only":           func(c *destinations.Config) { c.ServerOnly = []string{"Mixpanel"} },
		"a category of no name": func(c *destinations.Config) { c.Categories["c"] = nil },
	} {
		c := config()
		change(&c)
		got := destinations.MustCompile(c).Fingerprint()
		require.Empty(t, seen[got], name)
		seen[got] = name
	}
}

func ExamplePolicy_Fingerprint() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}})
	fmt.Println(policy.Fingerprint()[:8], len(policy.Fingerprint()))
	// Output:
	// 2eb82857 64
}
