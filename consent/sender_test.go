package consent

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

type failingClient struct{ err error }

func (c failingClient) Enqueue(analytics.Message) error { return c.err }
func (c failingClient) Close() error                    { return c.err }

func TestARefusedMessageKeepsNoPlace(t *testing.T) {
	refused := errors.New("no")
	s := &sender{shared: newShared(nil, nil), next: failingClient{refused}, places: places{max: 1}}
	for range 3 {
		require.ErrorIs(t, s.Enqueue(analytics.Track{UserId: "u", Event: "e"}), refused)
	}
	require.Zero(t, s.places.taken())
}

func TestPlacesAreLimited(t *testing.T) {
	p := places{max: 3}
	for range 3 {
		require.True(t, p.take(0))
	}
	require.False(t, p.take(0))
	require.False(t, p.take(time.Millisecond))
	p.release()
	require.True(t, p.take(0))
	require.Equal(t, 3, p.taken())
}

func TestEveryoneWhoWaitsForAPlaceGetsOne(t *testing.T) {
	p := places{max: 2}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if p.take(time.Hour) {
				p.release()
			}
		})
	}
	wg.Wait()
	require.NoError(t, p.idle(t.Context()))
	require.Zero(t, p.taken())
}

func TestAGateLetsNobodyInOnceClosed(t *testing.T) {
	for range 200 {
		g := gate{empty: make(chan struct{})}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if g.enter() {
					g.leave()
				}
			})
		}
		require.True(t, g.close())
		require.False(t, g.close())
		require.False(t, g.enter())
		wg.Wait()
		require.Zero(t, g.inside.Load())
	}
}
