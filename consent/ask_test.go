package consent_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
)

// What a client says beforehand is what it tells of the message.
func TestAClientDecidesAsItSends(t *testing.T) {
	storing := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude", "BigQuery"}, "ads": {"Facebook Pixel"}, "archive": {"Amazon S3"}},
		Always:     []string{"Sift"}, AllowUnlisted: true,
	})
	panics := routerFunc(func(consent.Decision, consent.State, map[string]any) consent.Route { panic("x") })
	for name, r := range map[string]consent.Router{
		"none": nil, "Segment": consent.Segment{}, "a Gate": consent.Gate{Destinations: []string{"Amplitude", "Slack"}},
		"a zero Gate": consent.Gate{}, "one that panics": panics,
	} {
		for _, p := range []consent.Policy{storing, routed, nil} {
			for _, s := range []consent.State{
				{}, consent.NewState(nil), consent.All(consent.Granted), consenttest.Grant("analytics"), consenttest.Grant("analytics", "archive"),
				consenttest.Grant("archive").WithDestinations(map[string]bool{"Slack": false}), consenttest.Deny("analytics", "ads", "archive"),
			} {
				var told consent.Decision
				var outcome consent.Outcome
				client := consent.New(&consenttest.Recorder{}, p, &consent.Options{
					Router:     r,
					OnDecision: func(_ analytics.Message, d consent.Decision) { told = d },
					OnOutcome:  func(_ analytics.Message, o consent.Outcome) { outcome = o },
				})
				sent, suppressed := client.With(consent.All(consent.Granted)).Decide(s)
				require.NoError(t, client.With(s).Enqueue(ordered()))
				require.Equal(t, outcome.Reason, suppressed, "%s, %v", name, s)
				require.Equal(t, verdictsOf(told), verdictsOf(sent), "%s, %v", name, s)

				asked := false
				require.NoError(t, client.With(s).Anonymous(func() string { asked = true; return "a" }).Enqueue(analytics.Track{Event: "e"}))
				require.Equal(t, asked, client.Opens(s), "an identifier is read only for what needs consent: %s, %v", name, s)
			}
		}
	}
	for _, none := range []*consent.Client{nil, {}} {
		sent, suppressed := none.Decide(consent.All(consent.Granted))
		require.Equal(t, consent.SuppressedNothingAllowed, suppressed)
		require.False(t, sent.Allows("Amplitude"))
		require.False(t, none.Opens(consent.All(consent.Granted)))
	}
}
