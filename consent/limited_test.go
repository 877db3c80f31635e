package consent_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

type limits struct{}

func (limits) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}, Body: http.NoBody}, nil
}

// All clients derived from one wait when one is told to.
func TestLimitedUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := consent.NewSegment("key", analytics.Config{Transport: limits{}, Logger: silent{}}, policy, nil)
		require.NoError(t, err)
		require.Zero(t, c.LimitedUntil())
		granted := c.With(consent.All(consent.Granted))
		require.NoError(t, granted.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
		go func() { _ = c.Flush(context.Background()) }()
		synctest.Wait()
		require.Equal(t, 30*time.Second, time.Until(granted.LimitedUntil()))
		require.NoError(t, c.Close())
	})
	for _, c := range []*consent.Client{nil, new(consent.Client), consent.New(consent.Discard, policy, nil), consent.NewQueued(nil, policy, nil)} {
		require.Zero(t, c.LimitedUntil())
	}
}
