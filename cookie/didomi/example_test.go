package didomi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/didomi"
)

func ExampleSource() {
	source := didomi.Source{Purposes: map[string]string{"audience-Xy12": "analytics", "ads-Zz34": "advertising"}}
	token := `{"updated":"2026-02-10T02:32:47.270Z","purposes":{"enabled":["audience-Xy12"],"disabled":["ads-Zz34"]}}`
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "didomi_token="+base64.StdEncoding.EncodeToString([]byte(token)))
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
