package trustarc_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/trustarc"
)

func ExampleSource() {
	source := trustarc.Source{Groups: map[string]string{"2": "functional", "3": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "notice_behavior=expressed,eu; notice_gdpr_prefs=0,1:; cmapi_cookie_privacy=permit 1,2")
	s, err := source.Consent(r)
	fmt.Println(s.Category("functional"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
