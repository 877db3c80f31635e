package cookiebot_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/cookiebot"
)

func ExampleSource() {
	source := cookiebot.Source{Groups: map[string]string{"statistics": "analytics", "marketing": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "CookieConsent={stamp:%27AbC==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true%2Cmarketing:false%2Cver:1}")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)

	// All is granted, in a region where the site asks nobody.
	r.Header.Set("Cookie", "CookieConsent=-1")
	s, err = source.Consent(r)
	fmt.Println(s.Answered(), err)
	// Output:
	// granted denied <nil>
	// false <nil>
}
