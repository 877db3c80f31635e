package hold_test

import (
	"context"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/hold"
)

type store struct{ got []consent.Captured }

func (s *store) Put(_ context.Context, c consent.Captured) error {
	s.got = append(s.got, c)
	return nil
}

// The answers of a device and of an account both go into the queue, and not the result of
// combining them.
func TestQueueGetsAllAnswersOfTheContext(t *testing.T) {
	device := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	account := consent.NewState(map[string]bool{"analytics": true})
	kept := new(store)
	h := hold.New(consent.NewQueued(kept, policy, nil), policy, hold.Options{})
	ctx := consent.NewContext(t.Context(), consent.NewState(nil))
	require.NoError(t, h.For(ctx, "v").Enqueue(analytics.Track{AnonymousId: "v", Event: "Seen"}))
	h.For(consent.NewContextAll(t.Context(), policy, device, account), "v")
	require.NoError(t, h.Close())
	require.Len(t, kept.got, 1)
	require.Equal(t, []consent.State{device, account}, kept.got[0].States)
}
