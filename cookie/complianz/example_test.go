package complianz_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/complianz"
)

func ExampleSource() {
	source := complianz.Source{Groups: map[string]string{"statistics": "analytics", "marketing": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "cmplz_banner-status=dismissed; cmplz_functional=allow; cmplz_statistics=allow; cmplz_marketing=deny")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
