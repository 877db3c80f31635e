package consent_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// A printer stands in for analytics-go.
type printer struct{}

func (printer) Enqueue(m analytics.Message) error {
	track := m.(analytics.Track)
	integrations, _ := json.Marshal(track.Integrations)
	object, _ := json.Marshal(track.Context.Extra["consent"])
	fmt.Printf("%s\nintegrations %s\nconsent %s\n", track.Event, integrations, object)
	return nil
}

func (printer) Close() error { return nil }

// A client sends for the visitor whose answer the context carries.
func Example() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics":   {"Amplitude"},
		"advertising": {"Facebook Pixel"},
	}})
	client := consent.New(printer{}, policy, nil)

	// In a server, the middleware puts the answer into the context.
	ctx := consent.NewContext(context.Background(), consent.NewState(map[string]bool{
		"analytics": true, "advertising": false,
	}))
	err := client.For(ctx).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"})
	fmt.Println(err)
	// Output:
	// Order Completed
	// integrations {"All":false,"Amplitude":true,"Warehouses":{"all":false}}
	// consent {"categoryPreferences":{"advertising":false,"analytics":true},"destinationPreferences":{}}
	// <nil>
}

// OnDecision hears of every message, and OnOutcome what became of it: the places to
// count, to log, and to show why a destination did or did not receive an event.
func ExampleOptions() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics":   {"Amplitude"},
		"advertising": {"Facebook Pixel"},
	}})
	client := consent.New(printer{}, policy, &consent.Options{
		OnDecision: func(m analytics.Message, d consent.Decision) {
			for v := range d.Verdicts() {
				fmt.Println(v)
			}
		},
		OnOutcome: func(_ analytics.Message, o consent.Outcome) {
			fmt.Printf("%s: %s\n", o.Result, o.Reason)
		},
	})
	rejected := consent.NewState(map[string]bool{"analytics": false, "advertising": false})
	client.With(rejected).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"})
	// Output:
	// Amplitude: denied, the visitor denied a category (analytics)
	// Facebook Pixel: denied, the visitor denied a category (advertising)
	// suppressed: no destination may see it
}

// A job carries, as text, the answer of the visitor who caused it.
func ExampleState_MarshalText() {
	payload, _ := json.Marshal(struct {
		Order   string
		Consent consent.State
	}{"o1", consent.NewState(map[string]bool{"analytics": true})})
	fmt.Println(string(payload))

	var job struct{ Consent consent.State }
	if err := json.Unmarshal(payload, &job); err != nil {
		fmt.Println(err) // and job.Consent is All(Denied)
	}
	ctx := consent.NewContext(context.Background(), job.Consent)
	fmt.Println(consent.FromContext(ctx).Category("analytics"))
	// Output:
	// {"Order":"o1","Consent":"1.?;+analytics;"}
	// granted
}

// Of a visitor who answered in two places, both answers count: a denial in either wins.
func ExampleState_Restrict() {
	banner := consent.NewState(map[string]bool{"analytics": true, "advertising": true})
	account := consent.NewState(map[string]bool{"advertising": false})
	both := banner.Restrict(account)
	fmt.Println(both.Category("analytics"), both.Category("advertising"), both.Category("functional"))
	// Output: granted denied unknown
}

// Where a visitor gave no answer, an answer from elsewhere may be used.
func ExampleState_Or() {
	banner := consent.NewState(map[string]bool{"advertising": false})
	stored := consent.NewState(map[string]bool{"advertising": true, "analytics": true})
	s := banner.Or(stored)
	fmt.Println(s.Category("advertising"), s.Category("analytics"))
	// Output: denied granted
}

// onlyAnalytics is a custom policy.
type onlyAnalytics struct{}

func (onlyAnalytics) Decide(s consent.State) consent.Decision {
	granted := s.Category("analytics") == consent.Granted
	return consent.NewDecision(
		map[string]bool{"analytics": granted},
		[]consent.Verdict{{Destination: "Amplitude", Allowed: granted, Reason: "house rules"}},
		false,
	)
}

func ExampleNewDecision() {
	client := consent.New(printer{}, onlyAnalytics{}, nil)
	client.With(consent.NewState(map[string]bool{"analytics": true})).
		Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"})
	// Output:
	// Order Completed
	// integrations {"All":false,"Amplitude":true,"Warehouses":{"all":false}}
	// consent {"categoryPreferences":{"analytics":true},"destinationPreferences":{}}
}

// With a write key, NewSegment makes the client of analytics-go itself.
func ExampleNewSegment() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"},
	}})
	_, err := consent.NewSegment("WRITE_KEY", analytics.Config{Endpoint: consent.EndpointEU + "/v1"}, policy, nil)
	fmt.Println(err)

	client, err := consent.NewSegment("WRITE_KEY", analytics.Config{Endpoint: consent.EndpointEU}, policy, nil)
	fmt.Println(err)
	client.Close()
	// Output:
	// consent: bad configuration: the endpoint "https://events.eu1.segmentapis.com/v1" is not https://host, or https://host/path to which /v1/batch can be appended
	// <nil>
}
