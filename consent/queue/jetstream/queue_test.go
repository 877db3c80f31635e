package jetstream_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/queue/jetstream"
)

const lease = time.Second

func open(t testing.TB, o jetstream.Options) *jetstream.Queue {
	t.Helper()
	q, err := jetstream.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	return q
}

func TestEmbeddedKeepsTheRules(t *testing.T) {
	conformance.TestQueue(t, lease, func() *jetstream.Queue {
		return open(t, jetstream.Options{Dir: t.TempDir(), Lease: lease})
	})
}
