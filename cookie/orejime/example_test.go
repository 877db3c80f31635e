package orejime_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/orejime"
)

func ExampleSource() {
	source := orejime.Source{Purposes: map[string]string{"matomo": "analytics", "ads": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "eu-consent={%22matomo%22:true%2C%22ads%22:false}")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
