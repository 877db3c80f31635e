package adopt_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/adopt"
)

func ExampleSource() {
	source := adopt.Source{Services: map[string]string{
		"4f1c0a6e-0d2b-4a3c-9e55-1b7d5a0f0001": "analytics",
		"4f1c0a6e-0d2b-4a3c-9e55-1b7d5a0f0002": "advertising",
	}}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "AdoptConsent=N4IgLgxgZgymBOBLAdgcxALmQVwDa4BoQB7ABzAElkAVAQ1QGdMBtEAFigEYIAGWgNgCmAWh4ATAEwAjYW1oBmCMICcggKxrhnKQHYxa2jyg8TnEAF0iZMAHlsYOoxbsuvASPHTZCpao1bdfUNjEwkLIghiZAZBZDAANUF4BkQozH4ibFIxWjBBMQBBMEwQCR4JNlFNHn5qHh0MHgAORuUAOk4JeQAtEABfIA===")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
