package hold_test

import (
	"context"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/hold"
)

type store struct {
	got []consent.Captured
	in  []any // the transaction of each
}

type transaction struct{}

func (s *store) Put(ctx context.Context, c consent.Captured) error {
	s.got, s.in = append(s.got, c), append(s.in, ctx.Value(transaction{}))
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

// A message that was held is not part of the transaction of the request that brings the answer,
// and so is not lost with it.
func TestHeldMessagesAreInNoTransaction(t *testing.T) {
	kept := new(store)
	h := hold.New(consent.NewQueued(kept, policy, nil), policy, hold.Options{})
	ctx := context.WithValue(t.Context(), transaction{}, 1)
	require.NoError(t, h.For(consent.NewContext(ctx, consent.NewState(nil)), "v").Enqueue(analytics.Track{AnonymousId: "v", Event: "Seen"}))
	ctx = context.WithValue(t.Context(), transaction{}, 2)
	ctx = consent.NewContext(ctx, consent.NewState(map[string]bool{"analytics": true}))
	require.NoError(t, h.For(ctx, "v").Enqueue(analytics.Track{AnonymousId: "v", Event: "Ordered"}))
	require.NoError(t, h.Close())
	require.Equal(t, []any{nil, 2}, kept.in)
}
