package onetrust_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/onetrust"
)

func ExampleSource() {
	source := onetrust.Source{Groups: map[string]string{"C0002": "analytics", "C0004": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "OptanonConsent=groups=C0001%3A1%2CC0002%3A1%2CC0004%3A0; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)

	// The banner was not answered: the groups are the site's defaults.
	r.Header.Set("Cookie", "OptanonConsent=groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1")
	s, err = source.Consent(r)
	fmt.Println(s.Answered(), err)
	// Output:
	// granted denied <nil>
	// false <nil>
}
