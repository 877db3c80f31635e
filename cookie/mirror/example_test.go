package mirror_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/cookie/mirror"
)

func ExampleSource() {
	source := mirror.Source{From: "sourcepoint", Purposes: map[string]string{"p1": "analytics", "p2": "advertising"}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "consentUUID=0b5c; consent-mirror=1:sourcepoint:1764072000:p1=1&p2=0::")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)

	// The script has not run yet.
	r.Header.Set("Cookie", "consentUUID=0b5c")
	s, err = source.Consent(r)
	fmt.Println(s.Category("analytics"), err)
	// Output:
	// granted denied <nil>
	// denied cookie: malformed preferences: the visitor has answered, but no cookie has the answer
}

func ExampleScript() {
	script, ok := mirror.Script("termly")
	fmt.Println(strings.Contains(script, `Termly.on("consent"`), ok)
	// Output:
	// true true
}
