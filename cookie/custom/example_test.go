package custom_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie/custom"
)

// A page that uses Segment's consent-tools keeps its categories in its own cookie.
func ExampleSource() {
	source := custom.Source{
		Template:   http.Cookie{Name: "site-consent"},
		Path:       []string{"categories"},
		Categories: []string{"analytics", "advertising"},
	}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", `site-consent={"version":3,"categories":{"analytics":true}}`)
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}

func ExampleSource_Write() {
	source := custom.Source{
		Template:   http.Cookie{Name: "site-consent"},
		Format:     custom.Pairs,
		Granted:    []string{"on"},
		Denied:     []string{"off"},
		Categories: []string{"analytics", "advertising"},
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/preferences", nil)
	err := source.Write(w, r, consent.NewState(map[string]bool{"analytics": true}))
	fmt.Println(w.Result().Cookies()[0].Value, err)
	// Output:
	// advertising=off&analytics=on <nil>
}

// A site whose cookie holds one word.
func ExampleSource_word() {
	source := custom.Source{
		Template:   http.Cookie{Name: "cookies_accepted"},
		Format:     custom.Word,
		Categories: []string{"analytics", "advertising"},
	}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "cookies_accepted=no")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// denied denied <nil>
}
