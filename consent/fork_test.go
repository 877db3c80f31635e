package consent_test

import (
	"io"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// What gopkg.in/segmentio/analytics-go.v3 and forks declare under their own import paths. A
// Message there has at least these methods.
type (
	forkMessage interface{ Validate() error }
	forkClient  interface {
		io.Closer
		Enqueue(forkMessage) error
	}
	forkTrack   struct{ Event string }
	forkSegment struct{}
)

func (forkTrack) Validate() error             { return nil }
func (forkSegment) Enqueue(forkMessage) error { return nil }
func (forkSegment) Close() error              { return nil }

// A type assertion follows the same rule as the compiler: a type that fails here does not compile
// as an argument or in an assignment.
func TestAnotherPathOfAnalytics(t *testing.T) {
	var fork any = forkSegment{}
	require.Implements(t, (*forkClient)(nil), fork)
	_, ok := fork.(analytics.Client)
	require.False(t, ok, "consent.New takes no client of another path")
	_, ok = any(new(consent.Client)).(forkClient)
	require.False(t, ok, "a Client is none of another path")

	var message any = forkTrack{}
	m, ok := message.(analytics.Message)
	require.True(t, ok, "a message of another path compiles")
	err := consent.New(consent.Discard, policy, nil).Enqueue(m)
	require.ErrorIs(t, err, consent.ErrMessage)
	require.ErrorContains(t, err, "github.com/go-consent/segment/consent_test.forkTrack")
}
