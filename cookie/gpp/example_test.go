package gpp_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie/gpp"
)

// OneTrust's cookie of a visitor who opted out of sale and sharing, on a site that has
// both in its category "advertising".
func ExampleSource() {
	source := gpp.Source{
		Name: "OTGPPConsent",
		Purposes: map[string]string{
			"sale": "advertising", "sharing": "advertising", "targeted_advertising": "advertising",
		},
	}
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", "OTGPPConsent=DBABBg~BUUAAACA.QA")

	state, err := source.Consent(r)
	fmt.Println(state.Category("advertising"), state.Category("analytics"), err)
	// Output: denied unknown <nil>
}

// A string for visitors from Europe and the United States alike. TCF would be the
// Decode of a Source of package tcf.
func ExampleSource_tCF() {
	source := gpp.Source{TCF: func(tcString string) (consent.State, error) {
		fmt.Println("to decode:", tcString)
		return consent.NewState(map[string]bool{"analytics": true}), nil
	}}
	state, err := source.Decode("DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YYN")
	fmt.Println(state.Category("analytics"), state.Category("sale"), err)
	// Output:
	// to decode: CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA
	// granted denied <nil>
}

func ExampleParse() {
	s, err := gpp.Parse("DBABLA~CVQZAAAAAACA.QA")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, section := range s.Sections() {
		fmt.Println(section.ID(), section.Name(), section.Field("SaleOptOut"), section.Field("SharingOptOut"))
	}
	// Output: 7 usnat [1] [2]
}
