package klaro_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/klaro"
)

func ExampleSource() {
	source := klaro.Source{Services: map[string]string{"matomo": "analytics", "pixel": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "klaro=%7B%22matomo%22%3Atrue%2C%22pixel%22%3Afalse%7D")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)

	// The site has a new service, and Klaro asks again.
	source.Asked = []string{"matomo", "pixel", "hotjar"}
	s, err = source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
	// unknown denied <nil>
}
