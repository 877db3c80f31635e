package cookie_test

import (
	"errors"
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

// A platform that keeps "analytics:yes,ads:no" in its own cookie.
func ExampleRead() {
	decode := func(value string) (consent.State, error) {
		answers := make(map[string]bool)
		for _, answer := range strings.Split(cookie.Unescape(value), ",") {
			name, choice, found := strings.Cut(answer, ":")
			if !found {
				return consent.State{}, errors.New("an answer without a colon")
			}
			answers[name] = choice == "yes"
		}
		return consent.NewState(answers), nil
	}
	r := httptest.NewRequest("GET", "/", nil)
	for _, header := range []string{
		"theme=dark",
		"platform=analytics:yes%2Cads:no",
		"platform=analytics:yes%2Cads:yes; platform=analytics:yes%2Cads:no",
		"platform=deleted",
	} {
		r.Header.Set("Cookie", header)
		s, err := cookie.Read(r, "platform", decode)
		fmt.Println(s, err)
	}
	// Output:
	// 1.?;; <nil>
	// 1.?;-ads,+analytics; <nil>
	// 1.?;-ads,+analytics; <nil>
	// 1.-;; cookie: malformed preferences: an answer without a colon
}

func ExampleUnescape() {
	fmt.Println(cookie.Unescape(`{stamp:%27a+b/c%3D%27%2Cnecessary:true}`))
	fmt.Println(cookie.Unescape(`"permit 1,2"`))
	fmt.Println(cookie.Unescape(`100%`))
	// Output:
	// {stamp:'a+b/c=',necessary:true}
	// permit 1,2
	// 100%
}

func ExamplePairs() {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "cmplz_marketing=deny; theme=dark; cmplz_statistics=allow")
	for name, value := range cookie.Pairs(r) {
		if category, ok := strings.CutPrefix(name, "cmplz_"); ok {
			fmt.Println(category, value)
		}
	}
	// Output:
	// marketing deny
	// statistics allow
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
