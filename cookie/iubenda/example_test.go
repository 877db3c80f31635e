package iubenda_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/iubenda"
)

func ExampleSource() {
	source := iubenda.Source{Purposes: map[string]string{"4": "analytics", "5": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "_iub_cs-50053366=%7B%22purposes%22%3A%7B%221%22%3Atrue%2C%224%22%3Atrue%2C%225%22%3Afalse%7D%2C%22id%22%3A50053366%7D")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
