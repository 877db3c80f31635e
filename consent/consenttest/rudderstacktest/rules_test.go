package rudderstacktest_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
)

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

// A setting is the configuration of a destination at RudderStack.
type setting struct {
	ConsentManagement []struct {
		Provider           string
		ResolutionStrategy string
		Consents           []struct{ Consent string }
	}
	OneTrustCookieCategories []struct{ OneTrustCookieCategory string }
	KetchConsentPurposes     []struct{ Purpose string }
}

func (s setting) destination(name string) rudderstacktest.Destination {
	d := rudderstacktest.Destination{Name: name}
	for _, m := range s.ConsentManagement {
		c := rudderstacktest.Consent{Provider: m.Provider, Strategy: m.ResolutionStrategy}
		for _, consent := range m.Consents {
			c.IDs = append(c.IDs, consent.Consent)
		}
		d.Consents = append(d.Consents, c)
	}
	for _, legacy := range s.OneTrustCookieCategories {
		d.OneTrustCategories = append(d.OneTrustCategories, legacy.OneTrustCookieCategory)
	}
	for _, legacy := range s.KetchConsentPurposes {
		d.KetchPurposes = append(d.KetchPurposes, legacy.Purpose)
	}
	return d
}

func TestRulesAreThoseOfTheCapturedConsent(t *testing.T) {
	var captured struct {
		Cases []struct {
			Name         string
			Event        json.RawMessage
			Destinations []struct {
				ID      string
				Config  setting
				Deliver bool
			}
		}
	}
	read(t, "consent.json", &captured)
	require.Len(t, captured.Cases, 16)
	for _, c := range captured.Cases {
		require.Len(t, c.Destinations, 12)
		var source rudderstacktest.Source
		for _, d := range c.Destinations {
			source.Destinations = append(source.Destinations, d.Config.destination(d.ID))
		}
		deliveries, err := source.Route(c.Event)
		require.NoError(t, err)
		for i, d := range c.Destinations {
			want := rudderstacktest.Delivery{Destination: d.ID, Delivered: d.Deliver}
			if !d.Deliver {
				want.Reason = rudderstacktest.FilteredByConsent
			}
			require.Equal(t, want, deliveries[i], c.Name)
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
	var source rudderstacktest.Source
	for name := range captured.Configured {
		source.Destinations = append(source.Destinations, rudderstacktest.Destination{Name: name})
	}
	for _, row := range captured.Rows {
		event, err := json.Marshal(map[string]any{"integrations": row.Integrations})
		require.NoError(t, err)
		deliveries, err := source.Route(event)
		require.NoError(t, err)
		for _, d := range deliveries {
			enabled := slices.Contains(row.EnabledDestinationTypes, captured.Configured[d.Destination])
			require.Equal(t, enabled, d.Delivered, "%s: %s", row.Integrations, d.Destination)
			require.Equal(t, enabled, d.Reason == "")
		}
	}
}

func TestBothObjectsHaveToLetAnEventPass(t *testing.T) {
	source := rudderstacktest.Source{Destinations: []rudderstacktest.Destination{
		rudderstacktest.Needs("A", "analytics"), rudderstacktest.Needs("B", "analytics", "ads"),
		rudderstacktest.Needs("C", "ads"), {Name: "D"},
	}}
	deliveries, err := source.Route([]byte(`{
		"integrations": {"All": false, "A": true, "B": true, "C": {"x": 1}},
		"context": {"consentManagement": {"provider": "custom", "allowedConsentIds": ["analytics"], "deniedConsentIds": ["ads"]}}
	}`))
	require.NoError(t, err)
	require.Equal(t, []rudderstacktest.Delivery{
		{Destination: "A", Delivered: true},
		{Destination: "B", Reason: rudderstacktest.FilteredByConsent},
		{Destination: "C", Reason: rudderstacktest.FilteredByConsent},
		{Destination: "D", Reason: rudderstacktest.FilteredByIntegrations},
	}, deliveries)

	// An empty id denies nothing, even where a destination has one.
	source = rudderstacktest.Source{Destinations: []rudderstacktest.Destination{rudderstacktest.Needs("A", "")}}
	deliveries, err = source.Route([]byte(`{"context":{"consentManagement":{"provider":"custom","deniedConsentIds":[""]}}}`))
	require.NoError(t, err)
	require.True(t, deliveries[0].Delivered)

	for _, none := range []string{"", "null", "[]", `"x"`, "{"} {
		_, err := source.Route([]byte(none))
		require.Error(t, err, none)
	}
}
