package jetstream_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
)

const lease = time.Second

// open opens a queue until the end of the test.
func open(t testing.TB, o jetstream.Options) *jetstream.Queue {
	t.Helper()
	q, err := jetstream.Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	return q
}

// captured returns a usual message, as a client of NewQueued captures it.
func captured(id, user, anonymous string) consent.Captured {
	return consent.Captured{
		Message: analytics.Track{
			MessageId: id, UserId: user, AnonymousId: anonymous, Event: "Order Completed", Timestamp: time.Now(),
			Properties: analytics.NewProperties().SetOrderId("o1").SetTotal(24.90).SetCurrency("EUR"),
			Context:    &analytics.Context{Locale: "de", UserAgent: "Mozilla/5.0"},
		},
		States: []consent.State{consenttest.Grant("analytics", "advertising")}, Policy: "f", At: time.Now(),
	}
}

func put(t testing.TB, q *jetstream.Queue, all ...consent.Captured) {
	t.Helper()
	for _, c := range all {
		require.NoError(t, q.Put(context.Background(), c))
	}
}

// receive returns n messages, by message id.
func receive(t testing.TB, q *jetstream.Queue, n int) map[string]queue.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	got := make(map[string]queue.Delivery)
	for len(got) < n {
		all, err := q.Receive(ctx, n-len(got))
		require.NoError(t, err, "%d of %d came", len(got), n)
		for _, d := range all {
			e, err := d.Envelope()
			require.NoError(t, err)
			require.NotContains(t, got, e.MessageID, "it comes once")
			got[e.MessageID] = d
		}
	}
	return got
}

func requireDepth(t testing.TB, q *jetstream.Queue, want uint64) {
	t.Helper()
	d, err := q.Depth(context.Background())
	require.NoError(t, err)
	require.Equal(t, want, d.Messages)
}

// files returns the files of a directory, by glob of their base names.
func files(t testing.TB, dir, glob string) (names []string) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if match, _ := filepath.Match(glob, filepath.Base(path)); match && err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	}))
	require.NotEmpty(t, names)
	return names
}
