package axeptio_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/axeptio"
)

func ExampleSource() {
	source := axeptio.Source{Services: map[string]string{"google_analytics": "analytics", "facebook_pixel": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "axeptio_cookies={%22google_analytics%22:true%2C%22facebook_pixel%22:false%2C%22$$completed%22:true}")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
