package trial_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/trial"
	"github.com/go-consent/segment/destinations"
)

// shop is the policy of a site whose authors forgot the warehouse and Slack, and did not check
// what the workspace calls the Google destination.
var shop = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Mixpanel (Actions)"},
		"advertising": {"Facebook Pixel", "Google Ads Conversions"},
		"functional":  {"Intercom"},
	},
	Always:     []string{"Sift"},
	Aliases:    map[string][]string{"Mixpanel (Actions)": {"Mixpanel"}},
	ServerOnly: []string{"Intercom"},
})

var workspace = []string{
	"Amplitude", "Mixpanel (Actions)", "Facebook Pixel", "Intercom", "Sift", // all of the policy but Google Ads
	"Snowflake", "Amazon S3", "Slack",
}

// A visit is a share of the traffic, with the answer that its requests carry.
type visit struct {
	share int
	state consent.State
}

var visits = []visit{
	{34, consent.NewState(map[string]bool{"analytics": true, "advertising": true, "functional": true})},
	{21, consent.NewState(map[string]bool{"analytics": false, "advertising": false, "functional": false})},
	{14, consent.NewState(map[string]bool{"analytics": true, "advertising": false, "functional": true})},
	{17, consent.NewState(nil)},
	{6, consent.NewState(map[string]bool{"analytics": true, "advertising": true, "functional": true}).
		WithDestinations(map[string]bool{"Amplitude": true, "Facebook Pixel": false, "Intercom": true, "jane@example.com": false})},
	{8, consent.All(consent.Denied)}, // a worker that nobody gave the answer
}

// A day sends the traffic of a day to the trials of two processes.
func day(t testing.TB, policy consent.Policy, messages int, trials ...*trial.Trial) {
	quiet(t)
	r := rand.New(rand.NewPCG(20261125, 0))
	var clients []*consent.Client
	for _, observer := range trials {
		clients = append(clients, consent.New(consent.Discard, policy, &consent.Options{DangerouslySendUnchanged: observer.Observe}))
	}
	midnight := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for i := range messages {
		pick := r.IntN(100)
		v := visits[0]
		for _, v = range visits {
			if pick -= v.share; pick < 0 {
				break
			}
		}
		at := midnight.Add(24 * time.Hour * time.Duration(i) / time.Duration(messages))
		trial.SetNow(trials[i%len(trials)], func() time.Time { return at })
		client := clients[i%len(clients)]
		visitor, m := client.With(v.state), traffic(r)
		if track, ok := m.(analytics.Track); ok && track.Event == "Order Completed" {
			visitor = visitor.Necessary("address needed to check payments", "Intercom")
		}
		require.NoError(t, visitor.Enqueue(m))
		if i%200 == 0 {
			require.NoError(t, client.Exempt("nightly totals").Enqueue(analytics.Track{AnonymousId: "cron", Event: "Totals Counted"}))
		}
	}
}

// quiet keeps the line that a client logs at its start out of the test's output.
func quiet(t testing.TB) {
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
}

func traffic(r *rand.Rand) analytics.Message {
	user := fmt.Sprintf("user-%d", r.IntN(1000))
	switch n := r.IntN(100); {
	case n < 45:
		return analytics.Page{UserId: user, Name: "Product"}
	case n < 60:
		return analytics.Track{UserId: user, Event: "Product Added", Properties: analytics.Properties{"price": 12}}
	case n < 72:
		return analytics.Track{UserId: user, Event: "Order Completed"}
	case n < 84:
		return analytics.Identify{UserId: user, Traits: analytics.Traits{"email": user + "@example.com"}}
	case n < 88:
		return analytics.Alias{UserId: user, PreviousId: "before"}
	case n < 94:
		return analytics.Track{UserId: user, Event: "Email Opened", Integrations: analytics.Integrations{"Facebook Pixel": false}}
	default:
		return analytics.Track{UserId: user, Event: "Invoice Paid", Integrations: analytics.Integrations{"All": false, "Snowflake": true}}
	}
}

// TestReportOfADay compares the report of a simulated day with golden files that a reviewer can
// read. TRIAL_UPDATE=1 rewrites them.
func TestReportOfADay(t *testing.T) {
	one, two := trial.New(shop, workspace...), trial.New(shop, workspace...)
	day(t, shop, 20_000, one, two)
	var reports []trial.Report
	for _, observer := range []*trial.Trial{one, two} { // as from another process
		b, err := json.Marshal(observer.Take())
		require.NoError(t, err)
		require.NotContains(t, string(b), "user-")
		require.NotContains(t, string(b), "example.com")
		var r trial.Report
		require.NoError(t, json.Unmarshal(b, &r))
		reports = append(reports, r)
		require.Zero(t, observer.Report().Messages, "Take begins anew")
	}
	merged := trial.Merge(reports...)
	require.EqualValues(t, 20_100, merged.Messages)
	var page bytes.Buffer
	require.NoError(t, merged.WriteHTML(&page))
	golden(t, "day.txt", merged.String())
	golden(t, "day.html", page.String())

	together := trial.New(shop, workspace...)
	day(t, shop, 20_000, together)
	got := together.Report()
	got.From, got.To = merged.From, merged.To
	require.Equal(t, merged, got, "merged is as one process would have counted")
}

func golden(t *testing.T, name, got string) {
	file := filepath.Join("testdata", name)
	if os.Getenv("TRIAL_UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o666))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
