package consent_test

import (
	"strconv"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// constant is a custom policy.
type constant struct{ consent.Decision }

func (c constant) Decide(consent.State) consent.Decision { return c.Decision }

func decide(unlisted bool, verdicts ...consent.Verdict) consent.Decision {
	return consent.NewDecision(map[string]bool{"analytics": true}, verdicts, unlisted)
}

func allow(name, aliasOf string) consent.Verdict {
	return consent.Verdict{Destination: name, AliasOf: aliasOf, Allowed: true, Reason: "own"}
}

func deny(name, aliasOf string) consent.Verdict {
	return consent.Verdict{Destination: name, AliasOf: aliasOf, Reason: "own denial"}
}

func verdicts(d consent.Decision) map[string]bool {
	m := make(map[string]bool)
	for v := range d.Verdicts() {
		m[v.Destination] = v.Allowed
	}
	return m
}

func TestNamesOfADestinationAgree(t *testing.T) {
	for _, c := range []struct {
		rule     string
		verdicts []consent.Verdict
		want     map[string]bool
	}{
		{"an alias without its primary", []consent.Verdict{deny("A", "B")}, map[string]bool{"A": false, "B": false}},
		{"an allowed alias without its primary", []consent.Verdict{allow("A", "B")}, map[string]bool{"A": true, "B": true}},
		{"an alias of an alias", []consent.Verdict{allow("A", ""), allow("B", "A"), deny("C", "B")}, map[string]bool{"A": false, "B": false, "C": false}},
		{"aliases in a circle", []consent.Verdict{allow("A", "B"), allow("B", "C"), deny("C", "A")}, map[string]bool{"A": false, "B": false, "C": false}},
		{"an alias of itself", []consent.Verdict{allow("A", "A")}, map[string]bool{"A": true}},
		{"an alias under two primaries", []consent.Verdict{allow("A", ""), deny("B", ""), allow("C", "A"), allow("C", "B")}, map[string]bool{"A": false, "B": false, "C": false}},
		{"an alias of a reserved name", []consent.Verdict{allow("A", "All"), deny("B", "Segment.io"), allow("C", " ")}, map[string]bool{"A": true, "B": false, "C": true}},
		{"a name that is not UTF-8", []consent.Verdict{allow("X\xff", ""), allow("X\ufffd", "")}, map[string]bool{"X\ufffd": false}},
		{"an alias that is not UTF-8", []consent.Verdict{allow("A", ""), allow("X\xff", "A")}, map[string]bool{"A": false, "X\ufffd": false}},
		{"two bytes that are not UTF-8", []consent.Verdict{allow("\xff\xfe", "")}, map[string]bool{"\ufffd\ufffd": false}},
		{"no names", []consent.Verdict{allow("", ""), allow(" \t", ""), allow("ALL", ""), allow("segment .io", "")}, map[string]bool{}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			require.Equal(t, c.want, verdicts(decide(false, c.verdicts...)))
		})
	}
}

func TestCategoriesThatBecomeTheSameInJSON(t *testing.T) {
	d := consent.NewDecision(map[string]bool{"a\xff": true, "a\ufffd": false}, nil, false)
	for name, granted := range d.Categories() {
		require.Equal(t, "a\ufffd", name)
		require.False(t, granted)
	}
}

func TestWhatSegmentCannotStop(t *testing.T) {
	for _, c := range []struct {
		rule     string
		decision consent.Decision
		want     map[string]bool
		reason   consent.Reason
	}{
		{"storage that is denied", decide(false, allow("A", ""), deny("Amazon S3", "")), nil, consent.SuppressedUnstoppable},
		{"a denied alias of storage", decide(false, allow("A", ""), deny("files", "Amazon S3")), nil, consent.SuppressedUnstoppable},
		{"storage that is an alias", decide(true, deny("files", ""), allow("aws s3", "files")), nil, consent.SuppressedUnstoppable},
		{"a denied warehouse beside Warehouses", decide(false, allow("A", ""), allow("Warehouses", ""), deny("Snowflake", "")), nil, consent.SuppressedUnstoppable},
		{"a denied alias of a warehouse", decide(false, allow("A", ""), allow("Warehouses", ""), allow("Snowflake", ""), deny("flake", "Snowflake")), nil, consent.SuppressedUnstoppable},
		{"a denied alias of Warehouses", decide(false, allow("A", ""), allow("Warehouses", ""), deny("house", "Warehouses"), allow("Snowflake", "")),
			map[string]bool{"A": true, "Warehouses": false, "house": false, "Snowflake": false}, ""},
		{"a warehouse without Warehouses", decide(false, allow("A", ""), allow("BigQuery", "")), map[string]bool{"A": true, "BigQuery": false}, ""},
		{"Warehouses in another casing", decide(false, allow("A", ""), allow("warehouses", "")), map[string]bool{"A": true, "warehouses": false}, ""},
		{"a warehouse alone", decide(false, allow("BigQuery", "")), nil, consent.SuppressedNothingAllowed},
		{"one of two, unlisted open", decide(true, allow("BigQuery", ""), deny("Snowflake", "")), map[string]bool{"BigQuery": false, "Snowflake": false}, ""},
		{"a warehouse, unlisted open", decide(true, allow("BigQuery", "")), map[string]bool{"BigQuery": true}, ""},
		{"no category", consent.NewDecision(nil, []consent.Verdict{allow("A", "")}, false), nil, consent.SuppressedNoCategories},
		{"the zero Decision", consent.Decision{}, nil, consent.SuppressedNothingAllowed},
	} {
		t.Run(c.rule, func(t *testing.T) {
			sent, reason := consent.AtSegment(c.decision)
			require.Equal(t, c.reason, reason)
			if c.want != nil {
				require.Equal(t, c.want, verdicts(sent))
			}
		})
	}
}

// OnDecision is told what the integrations object does, also after the caller narrowed it.
func TestToldIsWhatLeaves(t *testing.T) {
	type i = analytics.Integrations
	no := object{"all": false}
	s3 := []consent.Verdict{allow("A", ""), allow("Amazon S3", "")}
	houses := []consent.Verdict{allow("A", ""), allow("Warehouses", ""), allow("Snowflake", "")}
	for _, c := range []struct {
		rule     string
		decision consent.Decision
		caller   i
		told     map[string]bool
		unlisted bool
		wire     object
	}{
		{"nobody closes storage", decide(false, s3...), i{"Amazon S3": false}, map[string]bool{"A": true, "Amazon S3": true}, false,
			object{"All": false, "Warehouses": no, "A": true, "Amazon S3": true}},
		{"nor with All", decide(false, s3...), i{"all": false, "A": true}, map[string]bool{"A": true, "Amazon S3": true}, false,
			object{"All": false, "Warehouses": no, "A": true, "Amazon S3": true}},
		{"nor where unlisted are open", decide(true, s3...), i{"Amazon S3": false, "aws s3": false}, map[string]bool{"A": true, "Amazon S3": true}, true,
			object{"aws s3": false}},
		{"one warehouse closes all", decide(false, houses...), i{"snowflake": false}, map[string]bool{"A": true, "Warehouses": false, "Snowflake": false}, false,
			object{"All": false, "Warehouses": no, "A": true}},
		{"Warehouses in its own shape", decide(false, houses...), i{"Warehouses": map[string]any{"all": false}}, map[string]bool{"A": true, "Warehouses": false, "Snowflake": false}, false,
			object{"All": false, "Warehouses": no, "A": true}},
		{"options of Warehouses stay", decide(false, houses...), i{"Warehouses": object{"warehouseIds": []any{"w"}}}, map[string]bool{"A": true, "Warehouses": true, "Snowflake": true}, false,
			object{"All": false, "Warehouses": object{"warehouseIds": []any{"w"}}, "A": true, "Snowflake": true}},
		{"unlisted warehouses, open form", decide(true, allow("A", "")), i{"Redshift": false}, map[string]bool{"A": true, "Redshift": false, "Warehouses": false}, true,
			object{"Redshift": false, "Warehouses": no}},
		{"All closes what is unlisted", decide(true, allow("A", ""), allow("B", "")), i{"All": false, "A": true, "C": true, "D": false},
			map[string]bool{"A": true, "B": false, "C": true, "D": false, "Warehouses": false}, false,
			object{"All": false, "A": true, "B": false, "C": true, "D": false, "Warehouses": no}},
		{"All and one warehouse that is false", decide(true, allow("A", "")), i{"All": false, "Warehouses": true, "Redshift": true, "redshift ": false},
			map[string]bool{"A": false, "Warehouses": false, "Redshift": false, "redshift ": false}, false,
			object{"All": false, "A": false, "Warehouses": no, "Redshift": false, "redshift ": false}},
		{"All leaves Warehouses", decide(true, allow("A", "")), i{"All": false, "Warehouses": true, "warehouses": true, "Redshift": true},
			map[string]bool{"A": false, "Warehouses": true}, false,
			object{"All": false, "A": false, "Warehouses": true, "Redshift": true}},
		{"All leaves Warehouses with options", decide(true, allow("A", "")), i{"All": false, "Warehouses": object{"warehouseIds": []any{"w"}}},
			map[string]bool{"A": false, "Warehouses": true}, false,
			object{"All": false, "A": false, "Warehouses": object{"warehouseIds": []any{"w"}}}},
		{"named under an alias", decide(true, allow("A", ""), allow("a2", "A")), i{"All": false, "a2": true},
			map[string]bool{"A": true, "a2": true, "Warehouses": false}, false,
			object{"All": false, "A": true, "a2": true, "Warehouses": no}},
		{"closed under an alias of an alias", decide(false, allow("A", ""), allow("B", "A"), allow("C", "B"), allow("D", "")), i{" c": false},
			map[string]bool{"A": false, "B": false, "C": false, "D": true}, false,
			object{"All": false, "Warehouses": no, "D": true}},
		{"a key that is not UTF-8", decide(true, allow("A", ""), deny("X\xff", "")), i{"X\xff": true, "Y\xff": false, "Y\xfe": true},
			map[string]bool{"A": true, "X\ufffd": false, "Y\ufffd": false}, true,
			object{"X\ufffd": false, "Y\ufffd": false}},
		{"Salesforce is false unless it is named", decide(true, allow("Salesforce", ""), allow("A", "")), nil, map[string]bool{"A": true, "Salesforce": true}, true,
			object{"Salesforce": true}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			var next capture
			var told consent.Decision
			o := &consent.Options{OnDecision: func(_ analytics.Message, d consent.Decision) { told = d }}
			client := consent.New(&next, constant{c.decision}, o).With(acceptAll)
			require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: c.caller}))
			require.Equal(t, c.wire, next.only(t).Integrations)
			require.Equal(t, c.told, verdicts(told))
			require.Equal(t, c.unlisted, told.Unlisted())
		})
	}
}

// What a visitor denies is closed under a custom policy too, whatever the policy says about
// unlisted destinations.
func TestVisitorsDenialsUnderAPolicyOfOnesOwn(t *testing.T) {
	policy := constant{decide(true, allow("A", ""))}
	enqueue := func(s consent.State) (event, consent.Decision) {
		var next capture
		var told consent.Decision
		o := &consent.Options{OnDecision: func(_ analytics.Message, d consent.Decision) { told = d }}
		require.NoError(t, consent.New(&next, policy, o).With(s).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
		return next.only(t), told
	}
	e, told := enqueue(consent.NewState(nil).WithDestinations(map[string]bool{"Hotjar": false, "X\xff": false, "Y": true}))
	require.Equal(t, object{"Hotjar": false, "X\ufffd": false}, e.Integrations)
	require.False(t, told.Allows("Hotjar"))
	require.True(t, told.Allows("Y"))

	e, told = enqueue(consent.All(consent.Denied))
	require.Equal(t, object{"All": false, "Warehouses": object{"all": false}, "A": true}, e.Integrations)
	require.False(t, told.Unlisted())

	many := make(map[string]bool)
	for i := range 65 {
		many["n"+strconv.Itoa(i)] = false
	}
	e, told = enqueue(consent.NewState(nil).WithDestinations(many))
	require.Equal(t, false, e.Integrations["All"], "too many to name")
	require.False(t, told.Unlisted())
}

// A policy that returns one Decision for every visitor does not mix up their stamps.
func TestOneDecisionForManyVisitors(t *testing.T) {
	var next capture
	client := consent.New(&next, constant{decide(true, allow("A", ""))}, nil)
	want := []map[string]any{{"a": false}, {"b": false}, nil, {"a": false}}
	for _, denied := range []map[string]bool{{"a": false}, {"b": false}, nil, {"a": false}} {
		s := consent.NewState(nil).WithDestinations(denied)
		require.NoError(t, client.With(s).Enqueue(analytics.Page{UserId: "u"}))
	}
	for i, e := range next.events {
		require.Equal(t, want[i], e.Integrations)
	}
}
