package consent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestTell(t *testing.T) {
	answered := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	for rule, c := range map[string]struct {
		answer consent.Answer
		want   []string
	}{
		"known, and something is open": {consent.Answer{State: answered, UserID: "u"}, []string{"track", "identify"}},
		"nobody known":                 {consent.Answer{State: answered}, []string{"track"}},
		"nothing is open":              {consent.Answer{State: consent.All(consent.Denied), UserID: "u"}, []string{"track"}},
		"forgotten":                    {consent.Answer{State: answered, UserID: "u", Forgotten: true}, []string{"track"}},
	} {
		t.Run(rule, func(t *testing.T) {
			var next capture
			require.NoError(t, consent.New(&next, policy, nil).Tell(c.answer))
			var types []string
			for _, e := range next.events {
				types = append(types, e.Type)
			}
			require.Len(t, types, len(c.want))
			require.Equal(t, consent.UpdateEvent, next.events[0].Event)
			require.NotEmpty(t, next.events[0].UserID+next.events[0].AnonymousID, "Segment requires an id")
			if len(c.want) == 2 {
				require.Equal(t, map[string]any{"analytics": true, "advertising": false}, next.events[1].Traits["customTrackingPreferences"])
			}
		})
	}
	var none *consent.Client
	require.ErrorIs(t, none.Tell(consent.Answer{}), consent.ErrNoClient)
	require.ErrorIs(t, consent.New(nil, policy, nil).Tell(consent.Answer{}), consent.ErrNoClient)
}
