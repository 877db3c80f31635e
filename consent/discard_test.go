package consent_test

import (
	"context"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestDiscardHasAnOutcomeOfItsOwn(t *testing.T) {
	var o outcomes
	client := consent.New(consent.Discard, policy, &consent.Options{OnOutcome: o.hear})
	require.NoError(t, client.With(acceptAll).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	require.Equal(t, consent.Discarded, o.only(t).Result)
	require.Error(t, client.With(acceptAll).Enqueue(analytics.Track{Event: "e"}), "it decides and validates as any other")
	require.Equal(t, consent.Stats{Enqueued: 2, Discarded: 1, Refused: 1}, client.Stats())
	require.NoError(t, client.Close())
}

// The most common mistake is counted: the middleware is missing, or the context is another one.
func TestStatsCountWhatNobodyWasBoundTo(t *testing.T) {
	client := consent.New(consent.Discard, policy, nil)
	enqueue := func(c *consent.Client) {
		require.NoError(t, c.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	}
	enqueue(client)
	enqueue(client.Anonymous(func() string { return "a" }))
	enqueue(client.For(context.Background()))
	require.EqualValues(t, 3, client.Stats().Unbound)
	enqueue(client.With(consent.All(consent.Denied)))
	enqueue(client.With(acceptAll).Anonymous(func() string { return "a" }))
	enqueue(client.For(consent.NewContext(t.Context(), consent.State{})))
	require.EqualValues(t, 3, client.Stats().Unbound)
	require.EqualValues(t, 6, client.Stats().Enqueued)
}

// A custom client, a hook and the Callback may write to what they are given. The next visitor's
// message is not affected.
func TestNobodyWritesToTheNextMessage(t *testing.T) {
	scribble := func(m analytics.Message) {
		track := m.(analytics.Track)
		track.Integrations["Facebook Pixel"] = true
		track.Integrations["All"] = true
		track.Context.Extra["consent"] = nil
		track.Context.Locale = "scribble"
	}
	var next capture
	client := consent.New(scribbler{&next, scribble}, policy, &consent.Options{
		OnOutcome: func(m analytics.Message, _ consent.Outcome) { scribble(m) },
	}).With(acceptAnalytics)
	for range 3 {
		require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	}
	for _, e := range next.events {
		require.Equal(t, next.events[0], e)
		require.NotContains(t, e.Integrations, "Facebook Pixel")
		require.Equal(t, false, e.Integrations["All"])
	}
}

// A scribbler keeps what it is given, and then writes to it.
type scribbler struct {
	*capture
	scribble func(analytics.Message)
}

func (s scribbler) Enqueue(m analytics.Message) error {
	defer s.scribble(m)
	return s.capture.Enqueue(m)
}
