package consenttest_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie/onetrust"
)

// What a Source with the site's own names reads from each visitor of its platform. In a
// test these are the Visitors of a [consenttest.Table].
func ExamplePlatform() {
	source := onetrust.Source{Groups: map[string]string{"C0002": "analytics", "C0004": "advertising"}}
	for _, v := range consenttest.Platform("onetrust")[:4] {
		s, err := source.Consent(v.Request(http.MethodGet, "/", nil))
		fmt.Println(v.Name, "|", s.Category("analytics"), s.Answered(), err)
	}
	// Output:
	// onetrust: never asked | unknown false <nil>
	// onetrust: not answered | unknown false <nil>
	// onetrust: not answered, second page | unknown false <nil>
	// onetrust: not answered, opt-out defaults | unknown false <nil>
}
