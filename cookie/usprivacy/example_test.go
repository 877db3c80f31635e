package usprivacy_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/usprivacy"
)

func ExampleSource() {
	source := usprivacy.Source{Purposes: map[string]string{"sale": "advertising"}}
	r, _ := http.NewRequest(http.MethodGet, "/", nil)

	r.Header.Set("Cookie", "usprivacy=1YYN") // notice given, opted out
	state, err := source.Consent(r)
	fmt.Println(state.Category("advertising"), err)

	r.Header.Set("Cookie", "usprivacy=1YNN") // not opted out, which is no consent
	state, err = source.Consent(r)
	fmt.Println(state.Category("advertising"), err)
	// Output:
	// denied <nil>
	// unknown <nil>
}

func ExampleParse() {
	s, err := usprivacy.Parse("1YN-")
	fmt.Printf("%c %c %c %v\n", s.Notice, s.OptOut, s.Covered, err)
	// Output: Y N - <nil>
}
