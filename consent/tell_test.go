package consent_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
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

// An answer belongs to the visitor that it names, whoever the client is for.
func TestTellDoesNotGoByWhatTheClientIsFor(t *testing.T) {
	accepted := consent.Answer{State: acceptAll, UserID: "bob", AnonymousID: "phone"}
	withdrawn := consent.Answer{State: consent.All(consent.Denied), UserID: "bob"}
	stranger := consent.Answer{State: acceptAll, AnonymousID: "phone"}
	about := map[string]func(*consent.Client) *consent.Client{
		"somebody else": func(c *consent.Client) *consent.Client { return c.About("ann") },
		"nobody":        func(c *consent.Client) *consent.Client { return c.About("") },
		"bound, too":    func(c *consent.Client) *consent.Client { return c.With(consent.All(consent.Denied)).About("ann") },
		"another id": func(c *consent.Client) *consent.Client {
			return c.Anonymous(func() string { return "ann's" }).About("ann")
		},
	}
	for name, derive := range about {
		t.Run(name, func(t *testing.T) {
			for _, answer := range []consent.Answer{accepted, withdrawn, stranger} {
				var plain, other capture
				require.NoError(t, consent.New(&plain, policy, nil).Tell(answer))
				client := derive(consent.New(&other, policy, nil))
				require.NoError(t, client.Tell(answer))
				require.Equal(t, plain.events, other.events)
				require.NotEmpty(t, other.events)

				require.NoError(t, client.With(acceptAll).Enqueue(analytics.Track{UserId: "bob", Event: consent.UpdateEvent}))
				require.Len(t, other.events, len(plain.events), "the client is still for one person")
				require.EqualValues(t, 1, client.Stats().Suppressed)
			}
		})
	}
}
