package cookie_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

func ExampleDecode() {
	s, err := cookie.Decode("{%22version%22:1%2C%22destinations%22:{%22Google%20Analytics%22:true}%2C%22custom%22:{%22advertising%22:false}}")
	fmt.Println(s.Destination("Google Analytics"), s.Category("advertising"), s.Category("functional"), err)

	s, err = cookie.Decode("yes")
	fmt.Println(s.Category("functional"), err)
	// Output:
	// granted denied unknown <nil>
	// denied cookie: malformed preferences: not a JSON object
}

func ExampleEncode() {
	s := consent.NewState(map[string]bool{"advertising": false, "functional": true})
	value, err := cookie.Encode(s)
	fmt.Println(value, err)

	_, err = cookie.Encode(consent.All(consent.Denied))
	fmt.Println(err)
	// Output:
	// {%22version%22:1%2C%22custom%22:{%22advertising%22:false%2C%22functional%22:true}} <nil>
	// cookie: preferences that do not fit a cookie: an answer for every name
}

func ExampleCodec() {
	codec := cookie.Codec{Template: http.Cookie{MaxAge: 30 * 24 * 60 * 60, Secure: true}}

	r := httptest.NewRequest("POST", "http://shop.example.com/consent", nil)
	w := httptest.NewRecorder()
	if err := codec.Write(w, r, consent.NewState(map[string]bool{"functional": true})); err != nil {
		fmt.Println(err)
	}
	set := w.Header().Get("Set-Cookie")
	fmt.Println(strings.ReplaceAll(set, "; ", "\n"))

	// The browser sends it back.
	pair, _, _ := strings.Cut(set, ";")
	r.Header.Set("Cookie", "session=1; "+pair)
	s, err := codec.Consent(r)
	fmt.Println(s.Category("functional"), err)
	// Output:
	// tracking-preferences={%22version%22:1%2C%22custom%22:{%22functional%22:true}}
	// Path=/
	// Domain=example.com
	// Max-Age=2592000
	// Secure
	// SameSite=Lax
	// granted <nil>
}

func ExampleValues() {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", `prefs={"categories":["analytics"]}; prefs="a b"`)
	for _, value := range cookie.Values(r, "prefs") {
		fmt.Println(value)
	}
	// Output:
	// {"categories":["analytics"]}
	// "a b"
}

func ExampleAnonymousID() {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "ajs_anonymous_id=0b6f3c1e-5f0a-4d52-9f3e-0a1b2c3d4e5f")
	fmt.Println(cookie.AnonymousID(r))

	// The same id, as older releases of analytics.js wrote it.
	r.Header.Set("Cookie", "ajs_anonymous_id=%220b6f3c1e-5f0a-4d52-9f3e-0a1b2c3d4e5f%22")
	fmt.Println(cookie.AnonymousID(r))
	// Output:
	// 0b6f3c1e-5f0a-4d52-9f3e-0a1b2c3d4e5f
	// 0b6f3c1e-5f0a-4d52-9f3e-0a1b2c3d4e5f
}
