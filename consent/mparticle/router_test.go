package mparticle_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/mparticle"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"Analytics": {"Amplitude", "Mixpanel"}, "ads": {"Facebook Pixel"}},
	Aliases:    map[string][]string{"Facebook Pixel": {"Meta"}},
	Always:     []string{"mParticle"},
})

// ruled has a rule at every output but mParticle itself.
var ruled = mparticle.Router{
	Outputs: []mparticle.Output{
		{Name: "mParticle"}, {Name: "Amplitude", Purpose: "Analytics"}, {Name: "Mixpanel", Purpose: "analytics "}, {Name: "Facebook Pixel", NoSale: true},
	},
	Sale: []string{"ads"},
}

func TestRouterConforms(t *testing.T) {
	outputs := []mparticle.Output{
		{Name: "mParticle"}, {Name: "Amplitude", Purpose: "analytics"}, {Name: "Facebook Pixel", NoSale: true},
		{Name: "Braze", Purpose: "Analytics", NoSale: true}, {Name: "Snowflake"},
	}
	var names []string
	for _, o := range outputs {
		names = append(names, o.Name)
	}
	conformance.TestRouter(t, func() mparticle.Router {
		return mparticle.Router{Outputs: outputs, Sale: []string{"analytics"}}
	}, conformance.RouterExamples{
		Destinations: names,
		Listed:       names,
		Open: func(message []byte, destination string) bool {
			var m struct {
				Context struct {
					MparticleConsentState struct {
						GDPR   map[string]bool
						OptOut *bool `json:"ccpa_opt_out"`
					}
				}
			}
			if json.Unmarshal(message, &m) != nil {
				return true
			}
			said := m.Context.MparticleConsentState
			profile := map[string]map[string]bool{"gdpr": said.GDPR, "ccpa": {}}
			if said.OptOut != nil {
				profile["ccpa"]["data_sale_opt_out"] = *said.OptOut
			}
			for _, o := range outputs {
				if o.Name == destination {
					return forwards(o.Purpose, o.NoSale, profile)
				}
			}
			return false
		},
	})
}

func TestRoute(t *testing.T) {
	analytics := consenttest.Grant("Analytics")
	for name, c := range map[string]struct {
		router     mparticle.Router
		state      consent.State
		own        map[string]any
		suppressed consent.Reason
		context    string
	}{
		"rules stop what is denied":   {ruled, analytics, nil, "", `{"gdpr":{"analytics":true,"ads":false},"ccpa_opt_out":true}`},
		"everything is granted":       {ruled, consenttest.Grant("Analytics", "ads"), nil, "", `{"gdpr":{"analytics":true,"ads":true},"ccpa_opt_out":false}`},
		"nothing was read":            {ruled, consent.State{}, nil, "", `{"gdpr":{"analytics":false,"ads":false},"ccpa_opt_out":true}`},
		"nothing was answered":        {ruled, consent.NewState(nil), nil, "", `{"gdpr":{"analytics":false,"ads":false},"ccpa_opt_out":true}`},
		"denied by name":              {ruled, analytics.WithDestinations(map[string]bool{"amplitude": false}), nil, consent.SuppressedUnstoppable, ""},
		"closed by the application":   {ruled, analytics, map[string]any{"Mixpanel": false}, consent.SuppressedUnstoppable, ""},
		"closed, and by its rule too": {ruled, analytics, map[string]any{"Meta": false}, "", ""},
		"all closed":                  {ruled, analytics, map[string]any{"all": false}, consent.SuppressedNothingAllowed, ""},
		"no rule, denied":             {mparticle.Router{Outputs: []mparticle.Output{{Name: "mParticle"}, {Name: "Meta"}}}, analytics, nil, consent.SuppressedUnstoppable, ""},
		"no rule, granted":            {mparticle.Router{Outputs: []mparticle.Output{{Name: "Meta"}}}, consenttest.Grant("ads"), nil, "", `{"gdpr":{"analytics":false,"ads":true}}`},
		"not in the policy":           {mparticle.Router{Outputs: []mparticle.Output{{Name: "mParticle"}, {Name: "Nobody's"}}}, analytics, nil, consent.SuppressedUnstoppable, ""},
		"one of two connections has a rule": {
			mparticle.Router{Outputs: []mparticle.Output{{Name: "mParticle"}, {Name: "Meta"}, {Name: "Facebook Pixel", Purpose: "ads"}}}, analytics, nil, consent.SuppressedUnstoppable, "",
		},
		"no outputs":           {mparticle.Router{}, consenttest.Grant("Analytics", "ads"), nil, consent.SuppressedNothingAllowed, ""},
		"only the others stay": {mparticle.Router{Outputs: ruled.Outputs[1:], Sale: ruled.Sale}, consent.State{}, nil, consent.SuppressedNothingAllowed, ""},
		"one purpose for two categories, and one without": {
			mparticle.Router{Outputs: ruled.Outputs[:1], Purposes: map[string]string{"Analytics": " Marketing", "ads": "MARKETING"}}, analytics, nil, "", `{"gdpr":{"marketing":false}}`,
		},
		"a category without a purpose": {
			mparticle.Router{Outputs: ruled.Outputs[:1], Purposes: map[string]string{"ads": " "}}, analytics, nil, "", `{"gdpr":{"analytics":true}}`,
		},
		"nothing to say": {
			mparticle.Router{Outputs: ruled.Outputs[:1], Purposes: map[string]string{"ads": "", "Analytics": ""}}, analytics, nil, consent.SuppressedNoCategories, "",
		},
		"a sale of what the policy lacks": {
			mparticle.Router{Outputs: ruled.Outputs[:1], Sale: []string{"other"}}, consent.All(consent.Granted), nil, "", `{"gdpr":{"analytics":true,"ads":true},"ccpa_opt_out":true}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			route := c.router.Route(policy.Decide(c.state), c.state, nil)
			if c.own != nil {
				route = c.router.Route(route.Decision, c.state, c.own)
			}
			require.Equal(t, c.suppressed, route.Suppressed)
			if c.context == "" {
				return
			}
			text, err := json.Marshal(route.Context)
			require.NoError(t, err)
			require.JSONEq(t, `{"mparticleConsentState":`+c.context+`}`, string(text))
		})
	}
}

// Told equals wire: a rule may close what the policy allows.
func TestWhatARuleClosesIsTold(t *testing.T) {
	router := mparticle.Router{Outputs: []mparticle.Output{{Name: "Amplitude", Purpose: "ads"}, {Name: "Mixpanel"}}}
	s := consenttest.Grant("Analytics")
	d := router.Route(policy.Decide(s), s, nil).Decision
	require.True(t, d.Allows("Mixpanel"))
	for v := range d.Verdicts() {
		if v.Destination == "Amplitude" {
			require.Equal(t, consent.Verdict{Destination: "Amplitude", Reason: mparticle.ReasonRule}, v)
		}
	}
	require.False(t, d.Allows("Amplitude"))
}
