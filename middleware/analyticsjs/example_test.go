package analyticsjs_test

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/analyticsjs"
)

// A page that loads analytics.js for visitors who accepted something.
func ExampleLoader() {
	loader := analyticsjs.Loader{WriteKey: "WRITEKEY", Page: true}
	policy := onlyAnalytics{} // or one of the destinations package
	page := template.Must(template.New("page").Parse("<title>Shop</title>{{.}}\n"))

	read := middleware.New(middleware.Options{Sources: []middleware.Source{banner{"banner"}}})
	h := read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.Private(w.Header())
		script, err := loader.For(r).Script(policy.Decide(consent.FromContext(r.Context())), "")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		page.Execute(w, script)
	}))

	for _, answer := range []string{"yes", "no"} {
		w := visit(h, "Cookie", "banner="+answer)
		_, options, loads := strings.Cut(w.Body.String(), `"WRITEKEY", `)
		options, _, _ = strings.Cut(options, ", ")
		fmt.Println(w.Header().Get("Cache-Control"), w.Header()["Vary"], loads, options)
	}
	// Output:
	// private [Cookie Sec-GPC] true {"integrations":{"All":false,"Amplitude":true,"Segment.io":true,"Warehouses":false}}
	// private [Cookie Sec-GPC] false
}

type onlyAnalytics struct{}

func (onlyAnalytics) Decide(s consent.State) consent.Decision {
	granted := s.Category("analytics") == consent.Granted
	return consent.NewDecision(
		map[string]bool{"analytics": granted},
		[]consent.Verdict{{Destination: "Amplitude", Allowed: granted, Reason: "house rules"}},
		false,
	)
}

// A custom Source: a cookie that holds "yes" or "no".
type banner struct{ name string }

func (b banner) Consent(r *http.Request) (consent.State, error) {
	c, err := r.Cookie(b.name)
	if err != nil {
		return consent.NewState(nil), nil
	}
	return consent.NewState(map[string]bool{"analytics": c.Value == "yes"}), nil
}

// visit sends a request with the given header to the handler, as a server would.
func visit(h http.Handler, name, value string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(name, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
