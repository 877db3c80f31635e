package consent_test

import (
	"net"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

func TestExempt(t *testing.T) {
	var next capture
	var told consent.Decision
	p := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
		Always:     []string{"Webhooks"},
		Aliases:    map[string][]string{"Amplitude": {"Actions Amplitude"}},
	})
	client := consent.New(&next, p, &consent.Options{
		OnDecision: func(_ analytics.Message, d consent.Decision) { told = d },
	})
	machines := client.With(consent.All(consent.Denied)).Exempt("clusters").Anonymous(func() string { return "visitor" })
	require.NoError(t, machines.Enqueue(analytics.Track{AnonymousId: "cluster 1", Event: "Scaled"}))
	e := next.only(t)
	require.Equal(t, object{"All": false, "Amplitude": true, "Actions Amplitude": true, "Facebook Pixel": true, "Webhooks": true, "Warehouses": object{"all": false}}, e.Integrations)
	require.Equal(t, object{"categoryPreferences": object{"analytics": true, "advertising": true}, "destinationPreferences": object{}}, e.Context["consent"])
	for v := range told.Verdicts() {
		require.True(t, v.Allowed, v)
		require.Equal(t, consent.ReasonExempt, v.Reason)
		require.Equal(t, "clusters", v.Cause)
	}
	require.EqualValues(t, 1, client.Stats().Exempt)
	require.EqualValues(t, 0, client.Stats().Unbound)

	ended := machines.For(t.Context())
	require.NoError(t, ended.Enqueue(ordered()), "to Webhooks alone")
	require.False(t, told.Allows("Amplitude"), "For ends the exemption")
	require.NoError(t, machines.With(consent.NewState(nil)).Enqueue(ordered()))
	require.False(t, told.Allows("Amplitude"), "With ends the exemption")
	require.EqualValues(t, 1, client.Stats().Exempt)

	require.NoError(t, machines.Enqueue(analytics.Track{AnonymousId: "cluster 1", Event: "Scaled", Integrations: analytics.Integrations{"Amplitude": false}}))
	require.False(t, told.Allows("Actions Amplitude"), "the application still narrows")
	next.sent = nil
	require.NoError(t, machines.About("u").Enqueue(analytics.Track{AnonymousId: "cluster 1", Event: "Scaled"}))
	require.Empty(t, next.sent, "About ends the exemption")
	require.NoError(t, machines.About("u").Exempt("clusters").Enqueue(analytics.Track{AnonymousId: "cluster 1", Event: "Scaled"}))
	require.Len(t, next.sent, 1, "which is about nobody")
	require.NoError(t, machines.Close(), "which does nothing")
	require.Zero(t, next.closed)
}

func TestWhatIsNotExempt(t *testing.T) {
	var next capture
	client := consent.New(&next, policy, nil)
	scaled := func(c *analytics.Context) analytics.Message {
		return &analytics.Track{AnonymousId: "secret", Event: "Scaled", Context: c}
	}
	advertising := &analytics.Context{}
	advertising.Device.AdvertisingID = "secret"
	for name, c := range map[string]struct {
		why     string
		message analytics.Message
		ok      bool
	}{
		"an event":             {"builds", scaled(nil), true},
		"with a context":       {"builds", scaled(&analytics.Context{Locale: "de"}), true},
		"a group":              {"builds", analytics.Group{AnonymousId: "cluster", GroupId: "g"}, true},
		"no reason":            {"", scaled(nil), false},
		"a blank reason":       {" \n", scaled(nil), false},
		"an identify":          {"builds", analytics.Identify{AnonymousId: "secret"}, false},
		"an alias":             {"builds", analytics.Alias{UserId: "secret", PreviousId: "secret"}, false},
		"an update":            {"builds", analytics.Track{AnonymousId: "secret", Event: consent.UpdateEvent}, false},
		"a user":               {"builds", analytics.Track{UserId: "secret", Event: "Scaled"}, false},
		"a user's page":        {"builds", &analytics.Page{UserId: "secret", AnonymousId: "a"}, false},
		"a user's group":       {"builds", analytics.Group{UserId: "secret", GroupId: "g"}, false},
		"traits":               {"builds", scaled(&analytics.Context{Traits: analytics.Traits{"email": "secret"}}), false},
		"an address":           {"builds", scaled(&analytics.Context{IP: net.IPv4(127, 0, 0, 1)}), false},
		"a device of a person": {"builds", scaled(advertising), false},
	} {
		t.Run(name, func(t *testing.T) {
			next.sent = nil
			err := client.Exempt(c.why).Enqueue(c.message)
			if c.ok {
				require.NoError(t, err)
				require.Len(t, next.sent, 1)
				return
			}
			require.ErrorIs(t, err, consent.ErrExempt)
			require.NotContains(t, err.Error(), "secret")
			require.Empty(t, next.sent)
		})
	}
	require.ErrorAs(t, client.Exempt("builds").Anonymous(func() string { return "visitor" }).Enqueue(analytics.Track{Event: "Built"}),
		new(analytics.FieldError), "no id is filled in")
	require.ErrorIs(t, (*consent.Client)(nil).Exempt("builds").Enqueue(scaled(nil)), consent.ErrNoClient)
}

// What a policy denies to everybody stays denied. With a policy that allows nothing, or lists
// no destination, nothing is sent.
func TestExemptOpensNoMoreThanThePolicyDoes(t *testing.T) {
	for name, c := range map[string]struct {
		policy consent.Policy
		want   []string
	}{
		"a destination that is switched off": {decideFunc(func(s consent.State) consent.Decision {
			granted := s.Category("analytics") == consent.Granted
			return consent.NewDecision(map[string]bool{"analytics": granted}, []consent.Verdict{
				{Destination: "Amplitude", Allowed: granted}, {Destination: "Facebook Pixel", Reason: "no contract"},
			}, false)
		}), []string{"Amplitude"}},
		"the visitor's own list": {destinations.MustCompile(destinations.Config{}), nil},
		"no policy":              {nil, nil},
		"a panic":                {decideFunc(func(consent.State) consent.Decision { panic("policy") }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var next capture
			require.NoError(t, consent.New(&next, c.policy, nil).Exempt("builds").Enqueue(analytics.Track{AnonymousId: "a", Event: "Built"}))
			if len(c.want) == 0 {
				require.Empty(t, next.sent)
				return
			}
			for _, d := range []string{"Amplitude", "Facebook Pixel", "Webhooks"} {
				require.Equal(t, len(c.want) > 0 && c.want[0] == d, open(next.only(t).Integrations, d), d)
			}
		})
	}
}
