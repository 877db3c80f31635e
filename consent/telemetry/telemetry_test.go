package telemetry_test

import (
	"bytes"
	"errors"
	"expvar"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/telemetry"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{
	Categories:    map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
	AllowUnlisted: true,
})

// hostile is the State of a visitor who writes names of people into the cookie.
func hostile(n int) consent.State {
	names := map[string]bool{"Amplitude": true}
	for i := range n {
		names[fmt.Sprint("ann@example.com ", i)] = i%2 == 0
	}
	return consent.NewState(map[string]bool{"analytics": true, "ann's secret": false}).WithDestinations(names)
}

var personal = []string{"ann", "secret", "u-7", "a-7"}

func message() analytics.Message {
	return analytics.Track{
		UserId: "u-7", AnonymousId: "a-7", Event: "ann's secret event",
		Properties: analytics.Properties{"email": "ann@example.com"},
	}
}

func TestCountsAreThoseOfTheMessages(t *testing.T) {
	meter := telemetry.New(policy)
	client := consent.New(consent.Discard, policy, &consent.Options{OnDecision: meter.Decided})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if err := client.With(consenttest.Grant("analytics")).Enqueue(message()); err != nil {
					t.Error(err)
				}
				if err := client.With(consenttest.Deny("analytics")).Enqueue(message()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, []telemetry.Count{
		{Destination: "Amplitude", Allowed: true, Reason: consent.ReasonCategoriesGranted, Messages: 800},
		{Destination: "Amplitude", Allowed: false, Reason: consent.ReasonCategoryDenied, Messages: 800},
		{Destination: "Facebook Pixel", Allowed: false, Reason: consent.ReasonNoAnswer, Messages: 1600},
	}, meter.Counts())
	require.EqualValues(t, 1600, client.Stats().Enqueued)
}

func TestNamesOfVisitorsAreCountedTogether(t *testing.T) {
	meter := telemetry.New(policy)
	client := consent.New(consent.Discard, policy, &consent.Options{OnDecision: meter.Decided})
	for i := range 200 {
		require.NoError(t, client.With(hostile(i%60)).Enqueue(message()))
	}
	counts := meter.Counts()
	require.Less(t, len(counts), 10)
	text := fmt.Sprint(counts)
	require.Contains(t, text, telemetry.Other)
	for _, name := range personal {
		require.NotContains(t, text, name)
	}
}

// manyReasons is a custom policy that gives a new reason each time.
type manyReasons struct{ n *int }

func (p manyReasons) Decide(consent.State) consent.Decision {
	*p.n++
	return consent.NewDecision(map[string]bool{"c": true}, []consent.Verdict{{Destination: "Amplitude", Reason: consent.Reason(fmt.Sprint("because ", *p.n))}}, false)
}

func TestReasonsAreBounded(t *testing.T) {
	p := manyReasons{new(int)}
	meter := telemetry.New(p)
	for range 1000 {
		meter.Decided(message(), p.Decide(consent.State{}))
	}
	counts := meter.Counts()
	require.Len(t, counts, 65)
	total := uint64(0)
	for _, c := range counts {
		total += c.Messages
	}
	require.EqualValues(t, 1000, total)
}

func TestWithoutAPolicyEverythingIsOther(t *testing.T) {
	meter := telemetry.New(nil)
	meter.Decided(message(), policy.Decide(consent.State{}))
	for _, c := range meter.Counts() {
		require.Equal(t, telemetry.Other, c.Destination)
	}
}

func TestErrorsAreCounted(t *testing.T) {
	meter := telemetry.New(policy)
	meter.Unread(httptest.NewRequest("GET", "/", nil), errors.New("unreadable"))
	require.EqualValues(t, 1, meter.Errors())
}

func TestLogsHoldNothingPersonal(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client := consent.New(consent.Discard, policy, &consent.Options{
		OnDecision: telemetry.LogDecisions(l, policy), OnOutcome: telemetry.LogOutcomes(l),
	})
	for _, m := range []analytics.Message{
		message(), analytics.Identify{UserId: "u-7", Traits: analytics.Traits{"name": "ann"}},
		analytics.Group{UserId: "u-7", GroupId: "ann's"}, analytics.Alias{UserId: "u-7", PreviousId: "ann"},
		analytics.Page{UserId: "u-7", Name: "ann"}, analytics.Screen{AnonymousId: "a-7", Name: "ann"},
	} {
		require.NoError(t, client.With(hostile(20)).Enqueue(m))
	}
	require.Error(t, client.Enqueue(analytics.Track{UserId: "u-7"}), "invalid")
	require.Error(t, client.Enqueue(nil))
	text := out.String()
	for _, name := range personal {
		require.NotContains(t, text, name)
	}
	for _, said := range []string{
		`"type":"track","destinations":{"Amplitude":"allowed, ` + string(consent.ReasonCategoriesGranted) + `"`,
		`"other":10`, `"result":"discarded"`, `"result":"suppressed","reason":"an alias`, `"result":"refused"`, `"level":"WARN"`, `"type":"unknown"`,
	} {
		require.Contains(t, text, said)
	}
}

func BenchmarkDecided(b *testing.B) {
	categories := map[string][]string{}
	for i := range 20 {
		categories["analytics"] = append(categories["analytics"], fmt.Sprint("Destination ", i))
	}
	p := destinations.MustCompile(destinations.Config{Categories: categories})
	meter, m := telemetry.New(p), message()
	d := p.Decide(consenttest.Grant("analytics"))
	b.ReportAllocs()
	for b.Loop() {
		meter.Decided(m, d)
	}
}

func Example() {
	meter := telemetry.New(policy)
	client := consent.New(consent.Discard, policy, &consent.Options{OnDecision: meter.Decided})
	err := client.With(consent.NewState(map[string]bool{"analytics": false})).Enqueue(analytics.Track{UserId: "u-1", Event: "Order Completed"})
	fmt.Println(err)
	for _, c := range meter.Counts() {
		fmt.Printf("%s, allowed: %t, %s: %d\n", c.Destination, c.Allowed, c.Reason, c.Messages)
	}
	// Output:
	// <nil>
	// Amplitude, allowed: false, the visitor denied a category: 1
	// Facebook Pixel, allowed: false, no answer, and the policy is opt-in: 1
}

// The package expvar registers a handler when it is imported, so this library leaves that
// to the program.
func Example_expvar() {
	client := consent.New(consent.Discard, policy, nil)
	published := expvar.Func(func() any { return client.Stats() }) // for expvar.Publish("consent", ...)
	fmt.Println(strings.Contains(published.String(), `"Unbound":0`))
	// Output:
	// true
}

func ExampleLogOutcomes() {
	l := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	client := consent.New(consent.Discard, destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}},
	}), &consent.Options{OnOutcome: telemetry.LogOutcomes(l)})
	_ = client.With(consent.NewState(nil)).Enqueue(analytics.Track{UserId: "u-1", Event: "Order Completed"})
	// Output:
	// level=INFO msg="consent outcome" type=track result=suppressed reason="no destination may see it"
}
