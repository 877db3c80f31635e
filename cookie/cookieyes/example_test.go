package cookieyes_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/cookieyes"
)

func ExampleSource() {
	source := cookieyes.Source{Groups: map[string]string{"advertisement": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "cookieyes-consent=consentid:QUJD,consent:yes,action:yes,necessary:yes,analytics:yes,advertisement:no")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)

	// All is granted by default, and the visitor has not acted.
	r.Header.Set("Cookie", "cookieyes-consent=consentid:QUJD,consent:yes,action:no,necessary:yes,analytics:yes,advertisement:yes")
	s, err = source.Consent(r)
	fmt.Println(s.Answered(), err)
	// Output:
	// granted denied <nil>
	// false <nil>
}
