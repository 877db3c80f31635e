package regime_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/regime"
)

func Example() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics":   {"Amplitude"},
		"advertising": {"Facebook Pixel"},
	}})
	rules := regime.MustCompile(regime.Config{
		Categories: map[string][]regime.Purpose{
			"analytics":   {regime.Statistics},
			"advertising": {regime.Advertising},
		},
		Where: regime.CloudFront, // the program is behind CloudFront, and only there
	})
	if err := rules.Check(policy); err != nil {
		fmt.Println(err)
	}
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC(rules.Categories(regime.Advertising)...)},
		Default: rules.Default,
	})
	site := rules.Handler(read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(regime.FromContext(r.Context()))
		for v := range policy.Decide(consent.FromContext(r.Context())).Verdicts() {
			fmt.Println(" ", v)
		}
	})))

	for _, country := range []string{"FR", "GB", "US"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("CloudFront-Viewer-Country", country)
		site.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// FR: functional opt-in, statistics opt-in, advertising opt-in
	//   Amplitude: denied, no answer, and the policy is opt-in
	//   Facebook Pixel: denied, no answer, and the policy is opt-in
	// GB: functional opt-in, statistics opt-out, advertising opt-in
	//   Amplitude: allowed, nothing had to be asked of the visitor
	//   Facebook Pixel: denied, no answer, and the policy is opt-in
	// US: functional opt-out, statistics opt-out, advertising opt-out
	//   Amplitude: allowed, nothing had to be asked of the visitor
	//   Facebook Pixel: allowed, nothing had to be asked of the visitor
}

// The result of a site's own review replaces a row of the table.
func ExampleConfig_overrides() {
	rules := regime.MustCompile(regime.Config{
		Categories: map[string][]regime.Purpose{"analytics": {regime.Statistics}},
		Where:      regime.Cloudflare,
		Overrides: map[string]regime.Regime{
			"FR": {Statistics: regime.NotNeeded, Law: "the CNIL's exemption for audience measurement, reviewed by M. Curie", AsOf: "2026-11-02"},
		},
	})
	fmt.Println(rules.For("FR", ""))
	fmt.Println(rules.For("DE", ""))
	// Output:
	// FR: functional opt-in, statistics not needed, advertising opt-in
	// DE: functional opt-in, statistics opt-in, advertising opt-in
}

// The table is meant to be read. Keep it as a golden file if you have to know when it changes.
func ExampleTable() {
	for _, r := range regime.Table() {
		if r.Place == "GR" || r.Place == "US-CA" {
			fmt.Printf("%s %s, %s\n", r.AsOf, r.Name, r.Law)
		}
	}
	// Output:
	// 2026-11-25 Greece, ePrivacy Directive 2002/58/EC Art. 5(3), as amended by 2009/136/EC: consent before storing or reading what is not strictly necessary
	// 2026-11-25 California, California Consumer Privacy Act, Cal. Civ. Code 1798.120 and 1798.135: opt-out of sale and of targeted advertising; Global Privacy Control has to be honored
}
