package snowplow

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestQueue(t *testing.T) {
	q := newQueue(2000, 1_000_000)
	small, large := queued{size: 100}, queued{size: maxRequestBytes}
	for range 600 {
		require.NoError(t, q.put(small))
	}
	require.Len(t, q.take(), maxRequestEvents)
	require.NoError(t, q.put(large))
	require.Len(t, q.take(), 100, "the large one would be too much for one request")
	require.Len(t, q.take(), 1)
	for range 5 {
		require.NoError(t, q.put(large))
	}
	require.ErrorIs(t, q.put(large), consent.ErrFull)
	q.done(large)
	require.NoError(t, q.put(large))
	require.True(t, q.close())
	require.False(t, q.close())
	require.ErrorIs(t, q.put(small), analytics.ErrClosed)
	for range 6 {
		require.Len(t, q.take(), 1, "what was accepted leaves after close")
	}
	require.Nil(t, q.take())
}
