package consent_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

var fraudPolicy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude", "Amazon S3"}, "advertising": {"Facebook Pixel", "Sift"}},
	Aliases:    map[string][]string{"Sift": {"Sift Science"}},
})

func TestNecessary(t *testing.T) {
	for name, c := range map[string]struct {
		state        consent.State
		destinations []string
		want         consent.Reason // of the suppression
		allowed      []string
	}{
		"everything denied, storage too": {consent.All(consent.Denied), []string{"Sift"}, consent.SuppressedUnstoppable, nil},
		"storage as well":                {consent.All(consent.Denied), []string{"Sift", "Amazon S3"}, "", []string{"Sift", "Sift Science", "Amazon S3"}},
		"no answer":                      {consent.NewState(nil), []string{"Sift", "Amazon S3"}, "", []string{"Sift", "Sift Science", "Amazon S3"}},
		"denied by name": {
			consent.NewState(map[string]bool{"analytics": true, "advertising": true}).WithDestinations(map[string]bool{"Sift Science": false, "Amazon S3": true, "Amplitude": true}),
			[]string{"Sift"}, "", []string{"Sift", "Sift Science", "Amazon S3", "Amplitude"},
		},
		"under its alias": {acceptAnalytics, []string{"Sift Science"}, "", []string{"Sift", "Sift Science", "Amazon S3", "Amplitude"}},
	} {
		t.Run(name, func(t *testing.T) {
			var next capture
			var told consent.Decision
			var outcome consent.Outcome
			o := &consent.Options{
				OnDecision: func(_ analytics.Message, d consent.Decision) { told = d },
				OnOutcome:  func(_ analytics.Message, o consent.Outcome) { outcome = o },
			}
			client := consent.New(&next, fraudPolicy, o).With(c.state)
			require.NoError(t, client.Enqueue(ordered()))
			plain := told
			next.sent, next.events = nil, nil
			require.NoError(t, client.Necessary("fraud check", c.destinations...).Enqueue(ordered()))
			require.Equal(t, c.want, outcome.Reason)
			if c.want != "" {
				require.Empty(t, next.events)
				return
			}
			e := next.only(t)
			for v := range told.Verdicts() {
				require.Equal(t, contains(c.allowed, v.Destination), v.Allowed, v)
				require.Equal(t, v.Allowed, open(e.Integrations, v.Destination) || v.Destination == "Amazon S3")
				if contains(c.destinations, v.Destination) {
					require.Equal(t, consent.ReasonNecessary, v.Reason)
					require.Equal(t, "fraud check", v.Cause)
				}
			}
			categories := object{}
			for name, granted := range plain.Categories() {
				categories[name] = granted
			}
			require.Equal(t, categories, e.Context["consent"].(object)["categoryPreferences"], "only the visitor's answers")
			if c.state.AskedByDestination() {
				require.Equal(t, object{"Sift": false, "Sift Science": false, "Amazon S3": true, "Amplitude": true},
					e.Context["consent"].(object)["destinationPreferences"])
			}
		})
	}
}

func contains(list []string, name string) bool {
	for _, n := range list {
		if n == name {
			return true
		}
	}
	return false
}

func TestNecessaryIsRefused(t *testing.T) {
	visitors := destinations.MustCompile(destinations.Config{})
	unlisted := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}}, AllowUnlisted: true,
	})
	named := acceptAll.WithDestinations(map[string]bool{"Sift": true, "Other": false})
	for name, c := range map[string]struct {
		policy       consent.Policy
		why          string
		destinations []string
	}{
		"no reason":                 {fraudPolicy, " ", []string{"Sift"}},
		"no destination":            {fraudPolicy, "fraud check", nil},
		"another casing":            {fraudPolicy, "fraud check", []string{"sift"}},
		"a name beside one":         {fraudPolicy, "fraud check", []string{"Sift", "Braze"}},
		"All":                       {fraudPolicy, "fraud check", []string{"All"}},
		"an empty name":             {fraudPolicy, "fraud check", []string{""}},
		"what only the visitor has": {visitors, "fraud check", []string{"Sift"}},
		"an unlisted denial":        {unlisted, "fraud check", []string{"Other"}},
		"no policy":                 {nil, "fraud check", []string{"Sift"}},
	} {
		t.Run(name, func(t *testing.T) {
			var next capture
			client := consent.New(&next, c.policy, nil)
			err := client.With(named).Necessary(c.why, c.destinations...).Enqueue(ordered())
			require.ErrorIs(t, err, consent.ErrNecessary)
			require.Empty(t, next.sent)
			require.EqualValues(t, 1, client.Stats().Refused)
		})
	}
}

func TestNecessaryIsKeptAndAddsUp(t *testing.T) {
	var next capture
	p := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"advertising": {"Sift", "Stripe", "Amplitude"}}})
	client := consent.New(&next, p, nil)
	payments := client.Necessary("fraud check", "Sift")
	both := payments.Necessary("billing", "Stripe")
	require.NoError(t, payments.For(t.Context()).Enqueue(ordered()))
	require.NoError(t, both.With(consent.NewState(nil)).Enqueue(ordered()))
	closed := object{"all": false}
	require.Equal(t, object{"All": false, "Warehouses": closed, "Sift": true}, next.events[0].Integrations)
	require.Equal(t, object{"All": false, "Warehouses": closed, "Sift": true, "Stripe": true}, next.events[1].Integrations)

	next.sent, next.events = nil, nil
	require.NoError(t, both.Enqueue(analytics.Alias{UserId: "u", PreviousId: "p"}))
	require.Empty(t, next.sent, "an alias leaves only when nothing is denied")
	asked := both.Anonymous(func() string { return "visitor" })
	require.NoError(t, asked.Enqueue(ordered()))
	require.Empty(t, next.only(t).AnonymousID, "no identifier for what is strictly necessary")

	next.sent, next.events = nil, nil
	require.NoError(t, client.Necessary("fraud check", "Nobody").Tell(consent.Answer{State: consent.NewState(map[string]bool{"advertising": false}), UserID: "u"}))
	require.Equal(t, object{"All": false, "Warehouses": closed}, next.only(t).Integrations, "Tell is as without it")
}
