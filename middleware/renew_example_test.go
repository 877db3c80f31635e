package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-consent/segment/middleware"
)

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
