package adroll_test

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/cookie/adroll"
	"github.com/go-consent/segment/cookie/tcf"
)

func ExampleSource() {
	framework := tcf.Source{Purposes: map[int]string{8: "analytics", 4: "advertising"}}
	source := adroll.Source{TCF: framework.Decode}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "__adroll_consent=CQgcD4AQgcD4AEsABBENAREgAIMAAECAAAqIF5wAoAAgAEAvMACACAAA.YAAAAAAAAAAA%23ABCDEFGHIJKLMNOPQRSTUV")
	s, err := source.Consent(r)
	fmt.Println(s.Category("analytics"), s.Category("advertising"), err)
	// Output:
	// granted denied <nil>
}
