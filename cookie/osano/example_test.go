package osano_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/osano"
)

func ExampleSource() {
	source := osano.Source{Grants: []string{"analytics", "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "cookieconsent_status=allow")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)

	// It may have been the button "Decline".
	r.Header.Set("Cookie", "cookieconsent_status=dismiss")
	s, err = source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted granted <nil>
	// denied denied <nil>
}
