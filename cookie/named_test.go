package cookie

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestCategories(t *testing.T) {
	type answers = map[string]bool
	names := map[string]string{"1": "analytics", "2": "advertising", "3": "advertising"}
	for rule, test := range map[string]struct{ answers, want answers }{
		"no answers":                        {nil, answers{}},
		"an unmapped id is its own name":    {answers{"9": true, "8": false}, answers{"9": true, "8": false}},
		"all ids granted":                   {answers{"2": true, "3": true}, answers{"advertising": true}},
		"one id denied":                     {answers{"2": true, "3": false}, answers{"advertising": false}},
		"one id denied, the other unknown":  {answers{"2": false}, answers{"advertising": false}},
		"one id granted, the other unknown": {answers{"2": true}, answers{"advertising": false}},
		"an unmapped id of a mapped name":   {answers{"1": true, "analytics": false}, answers{"analytics": false}},
		"a mapped id of an unmapped name":   {answers{"1": false, "analytics": true}, answers{"analytics": false}},
	} {
		require.Equal(t, test.want, Categories(test.answers, names), rule)
	}
}

func TestDestinations(t *testing.T) {
	type answers = map[string]bool
	names := map[string]string{"a": "Amplitude", "f": "Facebook Pixel", "m": "Facebook Pixel"}
	for rule, test := range map[string]struct{ answers, want answers }{
		"nobody asked by vendor":            {nil, nil},
		"an unmapped vendor is left out":    {answers{"a": true, "x": true}, answers{"Amplitude": true}},
		"only unmapped vendors":             {answers{"x": true}, answers{}},
		"all ids granted":                   {answers{"f": true, "m": true}, answers{"Facebook Pixel": true}},
		"one id denied":                     {answers{"f": true, "m": false}, answers{"Facebook Pixel": false}},
		"one id granted, the other unknown": {answers{"f": true}, answers{"Facebook Pixel": false}},
	} {
		require.Equal(t, test.want, Destinations(test.answers, names), rule)
	}
	require.Nil(t, Destinations(answers{"a": true}, nil), "the site maps no vendor")
}

func TestExpire(t *testing.T) {
	given := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := consent.NewState(map[string]bool{"a": true, "b": false})
	denials := consent.NewState(map[string]bool{"b": false})
	require.Equal(t, s, Expire(s, given, 0, given.AddDate(9, 0, 0)), "no limit")
	require.Equal(t, s, Expire(s, time.Time{}, 0, given), "no limit and no date")
	require.Equal(t, s, Expire(s, given, time.Hour, given.Add(time.Hour)))
	require.Equal(t, denials, Expire(s, given, time.Hour, given.Add(time.Hour+1)))
	require.Equal(t, denials, Expire(s, time.Time{}, time.Hour, given), "no date")
}
