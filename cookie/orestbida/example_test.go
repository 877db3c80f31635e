package orestbida_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/orestbida"
)

func ExampleSource() {
	source := orestbida.Source{Categories: []string{"analytics", "ads"}, Revision: 1}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", `cc_cookie={"categories":["necessary","analytics"],"revision":1,"consent_uuid":"0b5c"}`)
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("ads"), err)
	// Output:
	// granted denied <nil>
}
