package rudderstack_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// This file states what RudderStack's server does with an event, from its documentation and
// from what it did with the captured cases, which the tests below check it against.

// A serverDestination is the configuration of a destination there.
type serverDestination struct {
	ConsentManagement []struct {
		Provider           string
		ResolutionStrategy string
		Consents           []struct{ Consent string }
	}
	OneTrustCookieCategories []struct{ OneTrustCookieCategory string }
	KetchConsentPurposes     []struct{ Purpose string }
}

// enabled returns whether the integrations object of an event leaves a destination enabled,
// by its display name.
func enabled(integrations json.RawMessage) func(name string) bool {
	if len(integrations) == 0 || string(integrations) == "null" {
		return func(string) bool { return true }
	}
	var object map[string]any
	if json.Unmarshal(integrations, &object) != nil {
		return func(string) bool { return false }
	}
	all := true
	if value, ok := object["All"]; ok {
		if all, ok = value.(bool); !ok {
			return func(string) bool { return false }
		}
	}
	return func(name string) bool {
		switch value := object[name].(type) {
		case bool:
			return value
		case map[string]any:
			return true
		default:
			return all
		}
	}
}

// consented reports whether the consentManagement object of an event lets it pass. What
// cannot be read lets it.
func (d serverDestination) consented(context json.RawMessage) bool {
	var e struct {
		ConsentManagement struct {
			Provider           string
			DeniedConsentIDs   []string `json:"deniedConsentIds"`
			ResolutionStrategy string
		}
	}
	if len(context) == 0 || json.Unmarshal(context, &e) != nil {
		return true
	}
	c := e.ConsentManagement
	denied := slices.DeleteFunc(c.DeniedConsentIDs, func(id string) bool { return id == "" })
	if len(denied) == 0 {
		return true
	}
	isDenied := func(id string) bool { return slices.Contains(denied, id) }
	for _, m := range d.ConsentManagement {
		if m.Provider != c.Provider || len(m.Consents) == 0 {
			continue
		}
		strategy := c.ResolutionStrategy
		if c.Provider == "custom" {
			strategy = m.ResolutionStrategy
		}
		some, all := false, true
		for _, consent := range m.Consents {
			some, all = some || isDenied(consent.Consent), all && isDenied(consent.Consent)
		}
		if strategy == "or" {
			return !all
		}
		return !some
	}
	if c.Provider == "" || c.Provider == "oneTrust" {
		for _, legacy := range d.OneTrustCookieCategories {
			if isDenied(legacy.OneTrustCookieCategory) {
				return false
			}
		}
	}
	if n := len(d.KetchConsentPurposes); n > 0 && (c.Provider == "" || c.Provider == "ketch") {
		all := true
		for _, legacy := range d.KetchConsentPurposes {
			all = all && isDenied(legacy.Purpose)
		}
		return !all
	}
	return true
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

func TestRulesAreThoseOfTheCapturedConsent(t *testing.T) {
	var captured struct {
		Cases []struct {
			Name         string
			Event        struct{ Context json.RawMessage }
			Destinations []struct {
				ID      string
				Config  serverDestination
				Deliver bool
			}
		}
	}
	read(t, "consent.json", &captured)
	require.Len(t, captured.Cases, 16)
	for _, c := range captured.Cases {
		require.Len(t, c.Destinations, 12)
		for _, d := range c.Destinations {
			require.Equal(t, d.Deliver, d.Config.consented(c.Event.Context), "%s: %s", c.Name, d.ID)
		}
	}
}

func TestRulesAreThoseOfTheCapturedIntegrations(t *testing.T) {
	var captured struct {
		Configured map[string]string
		Rows       []struct {
			Integrations            json.RawMessage
			EnabledDestinationTypes []string
		}
	}
	read(t, "integrations.json", &captured)
	require.Len(t, captured.Rows, 9)
	for _, row := range captured.Rows {
		for name, kind := range captured.Configured {
			require.Equal(t, slices.Contains(row.EnabledDestinationTypes, kind), enabled(row.Integrations)(name), "%s: %s", row.Integrations, name)
		}
	}
}
