package middleware_test

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// A page that loads analytics.js for those who accepted something.
func ExampleLoader() {
	loader := middleware.Loader{WriteKey: "WRITEKEY", Page: true}
	policy := onlyAnalytics{} // or one of the destinations package
	page := template.Must(template.New("page").Parse("<title>Shop</title>{{.}}\n"))

	read := middleware.New(middleware.Options{Sources: []middleware.Source{banner{"banner"}}})
	h := read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.Private(w.Header())
		script, err := loader.Script(policy.Decide(consent.FromContext(r.Context())), "")
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

// The cookie of a script, set again by the server.
func ExampleRenew() {
	renew := middleware.Renew{}
	h := renew.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Hello") }))

	r := httptest.NewRequest("GET", "https://www.shop.example/", nil)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Cookie", "tracking-preferences={%22version%22:1%2C%22custom%22:{%22functional%22:true}}")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		fmt.Println(c.Name, c.Domain, c.Path, c.HttpOnly)
	}
	fmt.Println(w.Result().Cookies()[0].Value)
	fmt.Println(w.Header().Get("Cache-Control"), w.Body)
	// Output:
	// tracking-preferences shop.example / false
	// tracking-preferences-seen shop.example / true
	// {%22version%22:1%2C%22custom%22:{%22functional%22:true}}
	// private Hello
}
