package tcf_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/go-consent/segment/cookie/tcf"
	"github.com/go-consent/segment/destinations"
)

// value is a TC string of 2 March 2026: consent for purposes 1, 7 and 8 and for vendor 755. The
// list of disclosed vendors, which version 2.3 requires, is missing.
const value = "CQgcD4AQgcD4AEsABBENAREgAIMAAECAAAqIF5wAoAAgAEAvMACACAAA.YAAAAAAAAAAA"

func ExampleSource() {
	source := tcf.Source{
		Purposes: map[int]string{1: "functional", 7: "advertising", 8: "advertising", 9: "research"},
		Vendors:  map[int]string{755: "Google Ads", 10: "Index"},
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "euconsent-v2="+value)
	state, err := source.Consent(r)
	fmt.Println(state.Category("advertising"), state.Category("research"), state.Destination("Google Ads"), state.Destination("Index"), err)

	policy := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"advertising": {"Google Ads", "Index"}},
	})
	for verdict := range policy.Decide(state).Verdicts() {
		fmt.Println(verdict.Destination, verdict.Allowed)
	}
	// Output:
	// granted denied granted denied <nil>
	// Google Ads true
	// Index false
}

func ExampleSource_Consent_outdated() {
	source := tcf.Source{
		MaxAge: 395 * 24 * time.Hour,
		Now:    func() time.Time { return time.Date(2027, time.May, 1, 0, 0, 0, 0, time.UTC) },
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "euconsent-v2="+value)
	state, err := source.Consent(r)
	fmt.Println(state.Category("7"), errors.Is(err, tcf.ErrOutdated), err)
	// Output: denied true tcf: outdated answer: older than MaxAge, or dated in the future
}

func ExampleSource_Decode() {
	// A TC string from elsewhere: another cookie, a query parameter or a section of GPP.
	state, err := tcf.Source{RequireDisclosed: true}.Decode(value)
	fmt.Println(state.Category("7"), err)
	// Output: denied tcf: outdated answer: no list of disclosed vendors
}

func ExampleParse() {
	s, err := tcf.Parse(value)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.LastUpdated().Format(time.DateOnly), s.PolicyVersion(), s.CmpID(), s.ConsentLanguage(), s.PublisherCountry())
	fmt.Println(s.PurposeConsent(7), s.PurposeConsent(9), s.PurposeLegitimateInterest(9), s.VendorConsent(755))
	fmt.Println(s.HasDisclosedVendors(), s.PublisherRestriction(7, 755))
	// Output:
	// 2026-03-02 4 300 EN FR
	// true false true true
	// false unrestricted
}
