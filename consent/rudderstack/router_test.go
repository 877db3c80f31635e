package rudderstack_test

import (
	"encoding/json"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/consent/rudderstack"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics": {"Amplitude", "Google Analytics 4 (GA4)"}, "ads": {"Facebook Pixel"}, "storage": {"Amazon S3"},
}})

func TestRouterConforms(t *testing.T) {
	conformance.TestRouter(t, func() rudderstack.Router { return rudderstack.Router{} }, conformance.RouterExamples{
		Destinations: []string{"Amplitude", "Facebook Pixel", "Amazon S3", "Snowflake"},
		Open: func(message []byte, destination string) bool {
			source := rudderstacktest.Source{Destinations: []rudderstacktest.Destination{{Name: destination}}}
			deliveries, err := source.Route(message)
			return err != nil || deliveries[0].Delivered
		},
	})
}

// route returns what a Track leaves with, as JSON.
func route(t *testing.T, r rudderstack.Router, s consent.State, own map[string]any) (integrations, context string) {
	t.Helper()
	answer := r.Route(policy.Decide(s), s, nil)
	require.Empty(t, answer.Suppressed)
	object := answer.Integrations
	if own != nil {
		object = r.Route(answer.Decision, s, own).Integrations
	}
	i, err := json.Marshal(object)
	require.NoError(t, err)
	c, err := json.Marshal(answer.Context)
	require.NoError(t, err)
	return string(i), string(c)
}

func TestConsentManagement(t *testing.T) {
	for name, c := range map[string]struct {
		router rudderstack.Router
		want   string
	}{
		"zero": {rudderstack.Router{}, `{"provider":"custom","allowedConsentIds":["analytics"],"deniedConsentIds":["ads","storage"],"resolutionStrategy":"and"}`},
		"ids of OneTrust": {
			rudderstack.Router{Provider: rudderstack.OneTrust, IDs: map[string]string{"analytics": "C0002", "ads": "C0004"}},
			`{"provider":"oneTrust","allowedConsentIds":["C0002"],"deniedConsentIds":["C0004","storage"],"resolutionStrategy":"and"}`,
		},
		"any": {rudderstack.Router{Provider: rudderstack.Ketch, AnyConsent: true}, `{"provider":"ketch","allowedConsentIds":["analytics"],"deniedConsentIds":["ads","storage"],"resolutionStrategy":"or"}`},
		"one id for two, one of which is not granted": {
			rudderstack.Router{IDs: map[string]string{"ads": "x", "analytics": "x"}},
			`{"provider":"custom","allowedConsentIds":[],"deniedConsentIds":["x","storage"],"resolutionStrategy":"and"}`,
		},
	} {
		_, context := route(t, c.router, consenttest.Grant("analytics"), nil)
		require.JSONEq(t, `{"consentManagement":`+c.want+`}`, context, name)
	}
}

func TestIntegrations(t *testing.T) {
	for name, c := range map[string]struct {
		own  map[string]any
		want string
	}{
		"none":                      {nil, `{"All":false,"Amplitude":true,"Google Analytics 4 (GA4)":true}`},
		"options of an allowed one": {map[string]any{"Amplitude": map[string]any{"session": 1}}, `{"All":false,"Amplitude":{"session":1},"Google Analytics 4 (GA4)":true}`},
		"and as raw JSON":           {map[string]any{"Amplitude": json.RawMessage(` {"a":1}`)}, `{"All":false,"Amplitude":{"a":1},"Google Analytics 4 (GA4)":true}`},
		"and as a map of flags":     {map[string]any{"Amplitude": map[string]bool{"a": true}}, `{"All":false,"Amplitude":{"a":true},"Google Analytics 4 (GA4)":true}`},
		"options of a denied one":   {map[string]any{"Facebook Pixel": map[string]any{"a": 1}}, `{"All":false,"Amplitude":true,"Google Analytics 4 (GA4)":true}`},
		"what its server cannot read": {map[string]any{"Amplitude": "yes", "Google Analytics 4 (GA4)": nil},
			`{"All":false,"Amplitude":true,"Google Analytics 4 (GA4)":true}`},
		"another casing closes":   {map[string]any{"amplitude": false}, `{"All":false,"Google Analytics 4 (GA4)":true}`},
		"as DisableAll writes it": {map[string]any(analytics.NewIntegrations().DisableAll().Enable("Amplitude")), `{"All":false,"Amplitude":true}`},
		"it opens nothing":        {map[string]any{"All": true, "Facebook Pixel": true}, `{"All":false,"Amplitude":true,"Google Analytics 4 (GA4)":true}`},
	} {
		integrations, _ := route(t, rudderstack.Router{}, consenttest.Grant("analytics"), c.own)
		require.JSONEq(t, c.want, integrations, name)
	}
}

// In JSON a name that is not UTF-8 may be that of a destination which the visitor denied. Of
// two members of one name most parsers take the last.
func TestNamesThatAreOneInJSONOpenNothing(t *testing.T) {
	open := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"A\ufffd"}, "ads": {"B"}}, AllowUnlisted: true,
	})
	s := consent.NewState(map[string]bool{"analytics": false, "ads": true})
	options := map[string]any{"n": 1}
	own := map[string]any{"A\xff": options, "C": options}
	answer := rudderstack.Router{}.Route(rudderstack.Router{}.Route(open.Decide(s), s, nil).Decision, s, own)
	require.Equal(t, map[string]any{"All": true, "A\ufffd": false, "C": options}, answer.Integrations)
}
