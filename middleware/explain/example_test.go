package explain_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-consent/segment/middleware/explain"
)

// A support engineer sees the page, or JSON on request. Anybody else gets 403.
func ExampleHandler() {
	h := explain.Handler{
		Authorize: func(r *http.Request) bool { return r.Header.Get("X-Role") == "support" }, // from the session
		Options:   page().Options,
		Policy:    policy,
		Rules:     rules,
	}
	for _, role := range []string{"", "support"} {
		r := httptest.NewRequest(http.MethodGet, "/debug/consent", nil)
		r.Header.Set("X-Role", role)
		r.Header.Set("Accept", "application/json")
		r.Header.Set("CloudFront-Viewer-Country", "GB")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code)

		var explained struct {
			Basis        string
			Destinations []struct {
				Name, Reason string
				Allowed      bool
			}
		}
		if json.Unmarshal(w.Body.Bytes(), &explained) == nil {
			fmt.Println(explained.Basis)
			for _, d := range explained.Destinations {
				fmt.Printf("%s: %t, %s\n", d.Name, d.Allowed, d.Reason)
			}
		}
	}
	// Output:
	// 403
	// 200
	// no answer yet, so the Default of the site counts
	// Amplitude: true, nothing had to be asked of the visitor
	// BigQuery: false, warehouses open and close together, and one is denied or not all are allowed
	// Facebook Pixel: false, no answer, and the policy is opt-in
	// Warehouses: false, no answer, and the policy is opt-in
}
