package regime_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/middleware/regime"
)

// Every country and state, with the rules of its row and the source of the row.
func TestEveryRowIsFoundAndHasASource(t *testing.T) {
	table := regime.Table()
	require.GreaterOrEqual(t, len(table), 250)
	states := 0
	for i, row := range table {
		country, region, divided := strings.Cut(row.Place, "-")
		if divided {
			states++
			require.Equal(t, "US", country)
			require.Equal(t, row, rules.For(country, row.Place), "some tell the country twice")
		}
		require.Equal(t, row, rules.For(country, region))
		require.Equal(t, row, rules.For(strings.ToLower(country), strings.ToLower(region)), "headers differ in casing")
		require.Equal(t, row, rules.Of(requestFrom(row.Place)))
		for name, text := range map[string]string{"name": row.Name, "law": row.Law, "source": row.Source} {
			require.NotEmpty(t, text, "the %s of %s", name, row.Place)
			require.Equal(t, strings.TrimSpace(text), text)
		}
		_, err := time.Parse(time.DateOnly, row.AsOf)
		require.NoError(t, err, row.Place)
		if i > 0 {
			require.Less(t, table[i-1].Place, row.Place)
		}
	}
	require.Equal(t, 51, states, "and the District of Columbia")
	t.Logf("%d rows, of which %d are states", len(table), states)
}

// What is not opt-in is listed here again, so that an edit of the table alone allows nothing.
func TestAllOtherRowsAreOptIn(t *testing.T) {
	for _, row := range regime.Table() {
		got := [3]regime.Rule{row.Functional, row.Statistics, row.Advertising}
		switch {
		case row.Place == "GB":
			require.Equal(t, [3]regime.Rule{regime.OptIn, regime.OptOut, regime.OptIn}, got)
		case row.Place == "US" || strings.HasPrefix(row.Place, "US-"):
			require.Equal(t, [3]regime.Rule{regime.OptOut, regime.OptOut, regime.OptOut}, got, row.Place)
		default:
			require.Equal(t, [3]regime.Rule{}, got, row.Place)
		}
		if strings.Contains(row.Law, "not reviewed") {
			require.Equal(t, [3]regime.Rule{}, got, "%s is not opt-in and was not reviewed", row.Place)
		}
	}
}

// The rules for a request that names only the country must be as strict as in each of its states.
func TestCountryIsAsStrictAsStrictestSubdivision(t *testing.T) {
	country := rules.For("US", "")
	for _, row := range regime.Table() {
		if strings.HasPrefix(row.Place, "US-") {
			for _, p := range []regime.Purpose{regime.Functional, regime.Statistics, regime.Advertising} {
				require.LessOrEqual(t, country.Rule(p), row.Rule(p), "%s %s", row.Place, p)
			}
		}
	}
}

// The inEU of Segment's Consent Manager looks at the language of the browser and the name
// of the time zone. Its list of codes has no GR, NO, IS, LI, CH or RS, and has EL and UK;
// it takes Azores, Ceuta and Cyprus for outside, by their time zones.
func TestPlacesWhereConsentManagerIsWrong(t *testing.T) {
	for _, place := range []string{"GR", "NO", "IS", "LI", "CH", "RS", "CY", "PT-20", "ES-CE"} {
		r := rules.Of(requestFrom(place))
		require.NotEmpty(t, r.Place, place)
		require.Equal(t, [3]regime.Rule{}, [3]regime.Rule{r.Functional, r.Statistics, r.Advertising}, place)
	}
	for _, place := range []string{"EL", "UK"} { // no codes of ISO 3166
		require.Equal(t, regime.Regime{}, rules.Of(requestFrom(place)), place)
	}
	// A Briton in New York is in the European Union for inEU, by en-GB.
	require.Equal(t, regime.OptOut, rules.Of(requestFrom("US-NY", "Accept-Language", "en-GB")).Advertising)
	// Oregon has California's time zone, and is taken for it.
	require.Equal(t, "US-OR", rules.Of(requestFrom("US-OR")).Place)
}

func TestTheEuropeanEconomicAreaIsComplete(t *testing.T) {
	eea := strings.Fields("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO")
	require.Len(t, eea, 30)
	for _, place := range eea {
		require.Contains(t, rules.For(place, "").Law, "2002/58/EC", place)
	}
}

func TestTableIsACopy(t *testing.T) {
	first := regime.Table()
	i := slices.IndexFunc(first, func(r regime.Regime) bool { return r.Place == "DE" })
	first[i].Advertising = regime.NotNeeded
	require.Equal(t, regime.OptIn, rules.For("DE", "").Advertising)
	require.Equal(t, regime.OptIn, regime.Table()[i].Advertising)
}
