package cookie

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestComplete(t *testing.T) {
	type answers = map[string]bool
	site := []string{"analytics", "advertising"}
	for rule, test := range map[string]struct{ s, want consent.State }{
		"what is left out is denied": {
			consent.NewState(answers{"analytics": true}),
			consent.NewState(answers{"analytics": true, "advertising": false})},
		"nothing is left out": {
			consent.NewState(answers{"analytics": true, "advertising": false, "other": true}),
			consent.NewState(answers{"analytics": true, "advertising": false, "other": true})},
		"another casing is another name": {
			consent.NewState(answers{"Analytics": true, "advertising": true}),
			consent.NewState(answers{"Analytics": true, "advertising": true, "analytics": false})},
		"destinations alone": {
			consent.NewState(nil).WithDestinations(answers{"Amplitude": true}),
			consent.NewState(answers{"analytics": false, "advertising": false}).WithDestinations(answers{"Amplitude": true})},
		"nobody answered":  {consent.NewState(nil), consent.NewState(nil)},
		"nobody looked":    {consent.State{}, consent.State{}},
		"a presumed grant": {consent.NewState(answers{"analytics": true}).Presume(), consent.NewState(answers{"analytics": true}).Presume()},
		"the rest is denied already": {
			consent.NewState(answers{"analytics": true}).Or(consent.All(consent.Denied)),
			consent.NewState(answers{"analytics": true}).Or(consent.All(consent.Denied))},
	} {
		t.Run(rule, func(t *testing.T) {
			require.Equal(t, test.want, Complete(test.s, site))
			require.Equal(t, test.s, Complete(test.s, nil), "without a list")
		})
	}
}
