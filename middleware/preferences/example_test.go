package preferences_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie/custom"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware/preferences"
)

// A form that answers without a script:
//
//	<form method="post" action="/preferences">
//	<label><input type="checkbox" name="category.analytics"> Analytics</label>
//	<button name="answer" value="save">Save</button>
//	<input type="hidden" name="redirect" value="/account">
//	</form>
//	<form method="post" action="/preferences">
//	<button name="answer" value="deny">Reject all</button>
//	</form>
func ExampleHandler() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"},
	}})
	var segment consenttest.Recorder // in place of Segment
	handler := preferences.Handler{
		Policy: policy,
		Client: consent.New(&segment, policy, nil),
		Expand: policy.Expand,
	}
	if err := handler.Check(); err != nil {
		panic(err) // when the program starts
	}

	form := httptest.NewRequest("POST", "/preferences", strings.NewReader("category.analytics=on&answer=save&redirect=/account"))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.Header.Set("Cookie", "ajs_anonymous_id=visitor-1")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, form)
	fmt.Println(w.Code, w.Header().Get("Location"))
	value, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	fmt.Println(value)

	show := httptest.NewRequest("GET", "/preferences", http.NoBody)
	show.Header.Set("Cookie", value)
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, show)
	fmt.Println(w.Body)

	for _, e := range segment.Events() {
		switch m := e.Message.(type) {
		case analytics.Track:
			fmt.Println(m.AnonymousId, m.Event)
		case analytics.Identify:
			fmt.Println(m.AnonymousId, m.Traits)
		}
	}
	// Output:
	// 303 /account
	// tracking-preferences={%22version%22:1%2C%22destinations%22:{%22Amplitude%22:true}%2C%22custom%22:{%22analytics%22:true}}
	// {"decided":true,"categories":{"analytics":true},"destinations":{"Amplitude":true},"verdicts":[{"destination":"Amplitude","allowed":true,"reason":"the visitor granted every category of it","cause":"analytics"}]}
	// visitor-1 Segment Consent Preference Updated
	// visitor-1 map[customTrackingPreferences:map[analytics:true] destinationTrackingPreferences:map[Amplitude:true]]
}

// OnAnswer records each answer, for an audit log or an account.
func ExampleHandler_onAnswer() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"},
	}})
	handler := preferences.Handler{
		Policy: policy,
		Client: consent.New(consent.Discard, policy, nil),
		OnAnswer: func(r *http.Request, held, given consent.State) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Minute) // which is for the database
			defer cancel()
			_, bounded := ctx.Deadline()
			fmt.Println(held.Category("analytics"), "->", given.Category("analytics"), bounded)
		},
	}
	r := httptest.NewRequest("POST", "/preferences", strings.NewReader(`{"categories":{"analytics":false}}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", `tracking-preferences={"version":1,"custom":{"analytics":true}}`)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// granted -> denied true
}

// The cookie of a custom banner that asks by category.
func ExampleHandler_banner() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"advertising": {"Facebook Pixel"},
		"analytics":   {"Amplitude"},
	}})
	var segment consenttest.Recorder // in place of Segment
	handler := preferences.Handler{
		// The middleware's Sources have the same one.
		Codec: custom.Source{
			Template:   http.Cookie{Name: "site-consent"},
			Format:     custom.Pairs,
			Categories: []string{"advertising", "analytics"},
		},
		Policy: policy,
		Client: consent.New(&segment, policy, nil),
	}
	if err := handler.Check(); err != nil {
		panic(err) // when the program starts
	}

	r := httptest.NewRequest("POST", "/preferences", strings.NewReader(`{"categories":{"analytics":true}}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	value, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	fmt.Println(w.Code, value)
	// Output:
	// 200 site-consent=advertising=false&analytics=true
}
