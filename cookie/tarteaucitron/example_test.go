package tarteaucitron_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/tarteaucitron"
)

func ExampleSource() {
	source := tarteaucitron.Source{Services: map[string]string{"gtag": "analytics", "facebookpixel": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "tarteaucitron=!gtag=true!facebookpixel=false")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)

	// The visitor has not answered.
	r.Header.Set("Cookie", "tarteaucitron=!gtag=wait!facebookpixel=wait")
	s, err = source.Consent(r)
	fmt.Println(s.Answered(), err)
	// Output:
	// granted denied <nil>
	// false <nil>
}
