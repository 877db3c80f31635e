package consenttest_test

import (
	"fmt"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Mixpanel"},
		"advertising": {"Facebook Pixel"},
	},
})

// signUp is code of the application under test.
func signUp(client *consent.Client) error {
	return client.Enqueue(analytics.Track{UserId: "u-1", Event: "Signed Up"})
}

// A test has three parts: a Recorder in place of Segment, the code under test with the
// consent of one visitor, and what is expected.
func TestSignUpIsSeenByAnalyticsAlone(t *testing.T) {
	var recorder consenttest.Recorder
	err := signUp(consent.New(&recorder, policy, nil).For(consenttest.Context(t, consenttest.Grant("analytics"))))
	recorder.RequireReached(t, "Amplitude", 1)

	recorder.RequireReached(t, "Facebook Pixel", 0)
	recorder.RequireReached(t, "Warehouses", 0)
	if err != nil {
		t.Fatal(err)
	}
}

func ExampleRecorder() {
	var recorder consenttest.Recorder
	client := consent.New(&recorder, policy, nil)

	_ = signUp(client.With(consenttest.Grant("analytics")))
	_ = signUp(client.With(consenttest.Deny("analytics")))
	_ = signUp(client.With(consenttest.Grant("analytics", "advertising")))

	fmt.Println("sent:", len(recorder.Events()))
	fmt.Println("Amplitude:", len(recorder.Reached("Amplitude")))
	fmt.Println("Facebook Pixel:", len(recorder.Reached("Facebook Pixel")))
	// Output:
	// sent: 2
	// Amplitude: 2
	// Facebook Pixel: 1
}

// A Recorder also knows what was suppressed, and why.
func ExampleRecorder_Suppressed() {
	var recorder consenttest.Recorder
	client := consent.New(&recorder, policy, nil)

	_ = signUp(client.With(consenttest.Deny("analytics", "advertising")))

	for _, s := range recorder.Suppressed() {
		fmt.Println(s.Suppressed)
		for v := range s.Decision.Verdicts() {
			fmt.Println(v)
		}
	}
	// Output:
	// no destination may see it
	// Amplitude: denied, the visitor denied a category (analytics)
	// Facebook Pixel: denied, the visitor denied a category (advertising)
	// Mixpanel: denied, the visitor denied a category (analytics)
}

// The first few of the visitors that a site with these categories may have.
func ExampleSite_Visitors() {
	site := consenttest.Site{Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}}}
	for _, v := range site.Visitors()[:6] {
		r := v.Request("POST", "/order", nil) // has the cookies of the visitor
		fmt.Printf("%s %s %s: %v\n", r.Method, r.URL, v.Name, v.State.Category("analytics"))
	}
	// Output:
	// POST /order never asked: unknown
	// POST /order never asked, other cookies: unknown
	// POST /order accepted all: granted
	// POST /order rejected all: denied
	// POST /order accepted only advertising: denied
	// POST /order accepted only analytics: granted
}

func ExampleGrant() {
	visitor := consenttest.Grant("functional", "analytics").Restrict(consenttest.Deny("advertising"))
	for category, granted := range visitor.Categories() {
		fmt.Println(category, granted)
	}
	// Output:
	// advertising false
	// analytics true
	// functional true
}
