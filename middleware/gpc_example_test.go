package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

// A site that honors Global Privacy Control says so: to machines at a well-known address, and to
// visitors on its pages.
func ExampleGPCHonored() {
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC("advertising")},
	})
	mux := http.NewServeMux()
	mux.Handle(middleware.GPCSupportPath, middleware.GPCSupport(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	mux.Handle("/", read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Sec-GPC")
		if middleware.GPCHonored(r, "advertising") {
			fmt.Fprintln(w, "Opt-Out Request Honored")
		}
	})))

	for _, path := range []string{"/", middleware.GPCSupportPath} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Sec-GPC", "1")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Body)
	}
	// Output:
	// Opt-Out Request Honored
	//
	// {"gpc":true,"lastUpdate":"2026-01-01"}
}
