package recipes_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/migration/recipes"
	"github.com/go-consent/segment/middleware"
)

const (
	accepted = `tracking-preferences={"version":1,"custom":{"analytics":true,"advertising":true}}`
	rejected = `tracking-preferences={"version":1,"custom":{"analytics":true,"advertising":false}}`
)

func get(headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "https://www.example.com/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// show prints what a visitor's request may do for each destination.
func show(who string, read func(http.Handler) http.Handler, p consent.Policy, r *http.Request) {
	fmt.Println(who)
	read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for v := range p.Decide(consent.FromContext(r.Context())).Verdicts() {
			fmt.Printf("  %s: %t, %s\n", v.Destination, v.Allowed, v.Reason)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
}

// A site of the United States: no Default, and another policy.
func ExampleOptOut() {
	read := middleware.New(recipes.Banner())
	show("no answer", read, recipes.OptOut, get())
	show("no answer, Global Privacy Control", read, recipes.OptOut, get("Sec-GPC", "1"))
	show("rejected advertising", read, recipes.OptOut, get("Cookie", rejected))
	// Output:
	// no answer
	//   Amplitude: true, no answer, and the policy is opt-out
	//   Facebook Pixel: true, no answer, and the policy is opt-out
	// no answer, Global Privacy Control
	//   Amplitude: true, no answer, and the policy is opt-out
	//   Facebook Pixel: false, the visitor denied a category
	// rejected advertising
	//   Amplitude: true, the visitor granted every category of it
	//   Facebook Pixel: false, the visitor denied a category
}

func ExampleByRegion() {
	in := func(country string, headers ...string) *http.Request {
		return get(append(headers, "CF-IPCountry", country)...)
	}
	show("Germany, no answer", recipes.ByRegion, recipes.OptIn, in("DE"))
	show("Germany, accepted", recipes.ByRegion, recipes.OptIn, in("DE", "Cookie", accepted))
	show("United States, no answer", recipes.ByRegion, recipes.OptIn, in("US"))
	show("United States, Global Privacy Control", recipes.ByRegion, recipes.OptIn, in("US", "Sec-GPC", "1"))
	show("United States, rejected advertising", recipes.ByRegion, recipes.OptIn, in("US", "Cookie", rejected))
	show("the country is not known", recipes.ByRegion, recipes.OptIn, get())
	// Output:
	// Germany, no answer
	//   Amplitude: false, no answer, and the policy is opt-in
	//   Facebook Pixel: false, no answer, and the policy is opt-in
	// Germany, accepted
	//   Amplitude: true, the visitor granted every category of it
	//   Facebook Pixel: true, the visitor granted every category of it
	// United States, no answer
	//   Amplitude: true, nothing had to be asked of the visitor
	//   Facebook Pixel: true, nothing had to be asked of the visitor
	// United States, Global Privacy Control
	//   Amplitude: true, nothing had to be asked of the visitor
	//   Facebook Pixel: false, the visitor denied a category
	// United States, rejected advertising
	//   Amplitude: true, the visitor granted every category of it
	//   Facebook Pixel: false, the visitor denied a category
	// the country is not known
	//   Amplitude: false, no answer, and the policy is opt-in
	//   Facebook Pixel: false, no answer, and the policy is opt-in
}

func ExampleOneTrust() {
	groups := "OptanonConsent=groups=C0001%3A1%2CC0002%3A1%2CC0004%3A0"
	show("closed the banner with a choice", middleware.New(recipes.OneTrust()), recipes.OptIn,
		get("Cookie", groups+"; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z"))
	show("has not answered yet", middleware.New(recipes.OneTrust()), recipes.OptIn, get("Cookie", groups))
	// Output:
	// closed the banner with a choice
	//   Amplitude: true, the visitor granted every category of it
	//   Facebook Pixel: false, the visitor denied a category
	// has not answered yet
	//   Amplitude: false, no answer, and the policy is opt-in
	//   Facebook Pixel: false, no answer, and the policy is opt-in
}

func ExampleEndpoint() {
	var segment consenttest.Recorder // in place of Segment
	h, err := recipes.Endpoint(consent.New(&segment, recipes.OptIn, nil), "https://www.example.com")
	if err != nil {
		panic(err)
	}
	for _, page := range []string{"https://www.example.com", "https://evil.example"} {
		r := httptest.NewRequest("POST", "https://api.example.com/preferences", strings.NewReader(`{"categories":{"advertising":false}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", page)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(page, w.Code, len(w.Result().Cookies()) > 0)
	}
	// Output:
	// https://www.example.com 200 true
	// https://evil.example 403 false
}

func ExampleCheckout() {
	var segment consenttest.Recorder // in place of Segment
	checkout := &recipes.Checkout{Client: consent.New(&segment, recipes.OptIn, nil)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /pay", checkout.Pay)
	mux.HandleFunc("POST /paid", checkout.Paid)
	mux.HandleFunc("GET /orders/thanks", checkout.Thanks)
	site := recipes.ByRegion(mux)

	do := func(r *http.Request) {
		site.ServeHTTP(httptest.NewRecorder(), r)
		fmt.Println(r.URL.Path, len(segment.Reached("Amplitude")), len(segment.Reached("Facebook Pixel")))
	}
	form := func(path, site, cookies string) *http.Request {
		r := httptest.NewRequest("POST", "https://www.example.com"+path, strings.NewReader("user=u-1&order=o-1"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", site)
		r.Header.Set("Cookie", cookies)
		return r
	}
	do(form("/pay", "same-origin", rejected))
	do(form("/paid", "cross-site", "")) // the browser keeps the cookies back
	do(form("/paid", "cross-site", "")) // again: the order is no longer being paid
	thanks := httptest.NewRequest("GET", "https://www.example.com/orders/thanks?user=u-1", nil)
	thanks.Header.Set("Cookie", rejected)
	do(thanks)
	// Output:
	// /pay 0 0
	// /paid 1 0
	// /paid 1 0
	// /orders/thanks 2 0
}

func ExampleNightlyTotal() {
	var segment consenttest.Recorder // in place of Segment
	client := consent.New(&segment, recipes.OptIn, nil)
	if err := recipes.NightlyTotal(client, 12); err != nil {
		panic(err)
	}
	for _, e := range segment.Reached("Amplitude") {
		fmt.Println(e.Message.(analytics.Track).Event)
	}
	fmt.Println(client.Stats().Exempt, client.Stats().Unbound)
	// Output:
	// Orders Counted
	// 1 0
}
