package middleware_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

// Reads the cookie of Segment's Consent Manager, and the browser's signal on top of it.
func Example() {
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC("advertising")},
		OnError: func(_ *http.Request, err error) { fmt.Println(err) },
	})
	page := read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		state := consent.FromContext(r.Context())
		fmt.Println("functional:", state.Category("functional"), "advertising:", state.Category("advertising"))
	}))

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "tracking-preferences={%22version%22:1%2C%22custom%22:{%22advertising%22:true%2C%22functional%22:true}}")
	page.ServeHTTP(httptest.NewRecorder(), r)

	r.Header.Set("Sec-GPC", "1")
	page.ServeHTTP(httptest.NewRecorder(), r)

	r.Header.Set("Cookie", "tracking-preferences=yes")
	page.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// functional: granted advertising: granted
	// functional: granted advertising: denied
	// middleware: Source 0, a cookie.Codec: cookie: malformed preferences: not a JSON object
	// functional: denied advertising: denied
}

// A custom Source: a cookie that holds "yes" or "no".
type banner struct{ name string }

func (b banner) Consent(r *http.Request) (consent.State, error) {
	cookies := r.CookiesNamed(b.name)
	if len(cookies) == 0 {
		return consent.NewState(nil), nil
	}
	switch cookies[0].Value {
	case "yes":
		return consent.NewState(map[string]bool{"analytics": true}), nil
	case "no":
		return consent.NewState(map[string]bool{"analytics": false}), nil
	default:
		return consent.State{}, errors.New("banner: neither yes nor no")
	}
}

// visit sends a request with the given header to the handler, as a server would.
func visit(h http.Handler, name, value string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(name, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func ExampleNew() {
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{banner{"banner"}},
		OnError: func(_ *http.Request, err error) { fmt.Println(err) },
	})
	page := read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("analytics:", consent.FromContext(r.Context()).Category("analytics"))
	}))

	visit(page, "Cookie", "banner=yes")
	visit(page, "Cookie", "banner=no")
	visit(page, "Cookie", "theme=dark")
	visit(page, "Cookie", "banner=%FF")
	// Output:
	// analytics: granted
	// analytics: denied
	// analytics: unknown
	// middleware: Source 0, a middleware_test.banner: banner: neither yes nor no
	// analytics: denied
}

// Where the law requires no consent, a Default of All(Granted) takes the place of a missing
// answer. The browser's signal still counts.
func ExampleGPC() {
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{banner{"banner"}},
		Signals: []middleware.Signal{middleware.GPC("advertising")},
		Default: func(*http.Request) consent.State { return consent.All(consent.Granted) },
	})
	page := read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		state := consent.FromContext(r.Context())
		fmt.Println("analytics:", state.Category("analytics"), "advertising:", state.Category("advertising"))
	}))

	visit(page, "Sec-GPC", "0")
	visit(page, "Sec-GPC", "1")
	// Output:
	// analytics: granted advertising: granted
	// analytics: granted advertising: denied
}

func ExampleRequire() {
	read := middleware.New(middleware.Options{Sources: []middleware.Source{banner{"banner"}}})
	report := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "your report") })
	mux := http.NewServeMux()
	mux.Handle("/", middleware.Require("analytics")(report))
	h := read(mux)

	for _, answer := range []string{"yes", "no"} {
		w := visit(h, "Cookie", "banner="+answer)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 your report
	// 403 The visitor has not consented to this.
}

// Some frameworks take a request and return one. The context goes into that request.
func ExampleContext() {
	o := middleware.Options{Sources: []middleware.Source{banner{"banner"}}}
	before := func(r *http.Request) *http.Request { return r.WithContext(middleware.Context(r, o)) }

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "banner=yes")
	fmt.Println(consent.FromContext(before(r).Context()).Category("analytics"))
	// Output: granted
}

func ExampleRead() {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "banner=yes")
	state, err := middleware.Read(r, middleware.Options{Sources: []middleware.Source{banner{"banner"}}})
	fmt.Println(state.Category("analytics"), err)
	// Output: granted <nil>
}
