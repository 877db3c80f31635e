package trial_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/trial"
	"github.com/go-consent/segment/destinations"
)

// Before consent is enforced, a Trial counts what enforcing it would change. Each process serves
// its report or writes it as JSON; Merge combines them.
func Example() {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"},
	}})
	observer := trial.New(policy, "Amplitude", "Facebook Pixel", "Snowflake")
	log.SetOutput(io.Discard) // where it says that nothing is enforced
	client := consent.New(consent.Discard, policy, &consent.Options{DangerouslySendUnchanged: observer.Observe})

	visitor := client.With(consent.NewState(map[string]bool{"analytics": true, "advertising": false}))
	for range 4 {
		if err := visitor.Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"}); err != nil {
			fmt.Println(err)
		}
	}

	file, _ := json.Marshal(observer.Take())
	var of trial.Report
	if err := json.Unmarshal(file, &of); err != nil {
		fmt.Println(err)
	}
	both := trial.Merge(of, of)
	for _, d := range both.Destinations {
		fmt.Printf("%s loses %d of %d\n", d.Name, d.Lost, d.Messages)
		for _, l := range d.Losses {
			fmt.Println(" ", l.Reason)
		}
	}
	// Output:
	// Facebook Pixel loses 8 of 8
	//   the visitor denied a category
	// Snowflake loses 8 of 8
	//   the policy does not list it
	// Amplitude loses 0 of 8
}
