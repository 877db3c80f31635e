package regime_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware/regime"
)

func TestOverrides(t *testing.T) {
	site := regime.MustCompile(regime.Config{
		Categories: map[string][]regime.Purpose{"analytics": {regime.Statistics}},
		Overrides: map[string]regime.Regime{
			"FR":    {Statistics: regime.NotNeeded, Law: "CNIL, Sheet 16: the conditions of the exemption are met"},
			"US":    {},                             // this site asks all Americans
			"US-TX": {Statistics: regime.OptOut},    // but for Texans
			"CA-QC": {Functional: regime.NotNeeded}, // a part of a country that the table does not divide
		},
	})
	require.Equal(t, regime.NotNeeded, site.For("fr", "").Statistics)
	require.Equal(t, "FR", site.For("FR", "IDF").Place)
	for _, region := range []string{"", "CA", "PR", "nowhere"} {
		got := site.For("US", region)
		require.Equal(t, regime.Regime{Place: "US"}, got, "an override of a country covers its parts (%q)", region)
	}
	require.Equal(t, regime.OptOut, site.For("US", "tx").Statistics)
	require.Equal(t, regime.NotNeeded, site.For("CA", "QC").Functional)
	require.Equal(t, regime.OptIn, site.For("CA", "ON").Functional)
	require.Equal(t, regime.NotNeeded, site.Rule(site.For("FR", ""), "analytics"))
	require.Equal(t, regime.OptIn, site.Rule(site.For("FR", ""), "unheard of"))
}

// Rules for visitors who may be in a strict part of a country must be as strict as that part.
func TestUnknownSubdivisionIsAsStrictAsAnyOverride(t *testing.T) {
	lax := regime.Regime{Functional: regime.NotNeeded, Statistics: regime.NotNeeded, Advertising: regime.NotNeeded}
	half := lax
	half.Advertising = regime.OptIn
	site := regime.MustCompile(regime.Config{Overrides: map[string]regime.Regime{
		"CA": lax, "CA-QC": {Statistics: regime.OptOut}, "CA-BC": half,
		"US-CA":  {}, // the table has opt-out, also for an unknown state
		"GB-NIR": {}, // and here for statistics
	}})
	for _, region := range []string{"", "?", "QC,ON", "nowhere"} {
		got := site.For("CA", region)
		require.Equal(t, regime.Regime{Place: "CA", Statistics: regime.OptOut}, got, region)
		for _, country := range []string{"US", "GB"} {
			got := site.For(country, region)
			require.Equal(t, [3]regime.Rule{}, [3]regime.Rule{got.Functional, got.Statistics, got.Advertising}, "%s %s", country, region)
		}
	}
	require.Equal(t, regime.NotNeeded, site.For("CA", "ON").Advertising, "a part that is known, and has no override")
	require.Equal(t, regime.OptOut, site.For("US", "TX").Advertising)
	require.Equal(t, regime.OptOut, site.For("GB", "ENG").Statistics)
	require.Equal(t, half.Statistics, site.For("CA", "BC").Statistics)
}

func TestCompileReportsEveryMistake(t *testing.T) {
	_, err := regime.Compile(regime.Config{
		Categories: map[string][]regime.Purpose{"": {regime.Statistics}, "a": nil, "b": {"marketing"}},
		Overrides: map[string]regime.Regime{
			"de": {}, "DE-": {}, "DEU": {}, "": {}, "US-CALI": {},
			"GB": {Place: "FR"}, "IE": {Advertising: 3},
		},
	})
	require.ErrorIs(t, err, regime.ErrConfig)
	for _, text := range []string{
		`a category has no name`, `category "a" has no purpose`, `category "b" has an unknown purpose "marketing"`,
		`override "de" is not a place`, `override "DE-" is not a place`, `override "DEU" is not a place`, `override "" is not a place`,
		`override "US-CALI" is not a place`, `override "GB" has a Regime of "FR"`, `override "IE" has an unknown Rule`,
	} {
		require.ErrorContains(t, err, text)
	}
	require.Panics(t, func() { regime.MustCompile(regime.Config{Categories: map[string][]regime.Purpose{"a": nil}}) })
}

func TestConfigIsCopied(t *testing.T) {
	c := regime.Config{
		Categories: map[string][]regime.Purpose{"a": {regime.Advertising}},
		Overrides:  map[string]regime.Regime{"FR": {}},
	}
	site := regime.MustCompile(c)
	c.Categories["a"][0] = regime.Statistics
	c.Overrides["FR"] = regime.Regime{Advertising: regime.NotNeeded}
	require.Equal(t, regime.OptIn, site.Rule(site.For("GB", ""), "a"))
	require.Equal(t, regime.OptIn, site.For("FR", "").Advertising)
}

func TestCheckFindsPolicyThatAllowsBeforeAnswer(t *testing.T) {
	require.NoError(t, rules.Check(policy))
	err := rules.Check(destinations.MustCompile(destinations.Config{
		Categories:    map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}, "chat": {"Intercom"}},
		Always:        []string{"Webhooks"},
		OptOut:        true,
		AllowUnlisted: true,
	}))
	require.ErrorIs(t, err, regime.ErrConfig)
	require.ErrorContains(t, err, "allows Amplitude for a visitor who has not answered")
	require.ErrorContains(t, err, "allows unlisted destinations")
	require.ErrorContains(t, err, `no category "research"`)
	require.NotContains(t, err.Error(), "Webhooks")
	require.ErrorIs(t, rules.Check(nil), regime.ErrConfig)
}
