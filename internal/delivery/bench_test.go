package delivery

import (
	"io"
	"net/http"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// A prepared stamp costs no allocation: only the copy and the queue do.
func TestSendAllocatesLittle(t *testing.T) {
	ready, err := MakeJSON(map[string]any{"categoryPreferences": map[string]bool{"analytics": true}})
	require.NoError(t, err)
	integrations, extra := analytics.Integrations{"All": false, "Amplitude": true}, map[string]any{"consent": ready}
	given := &analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}}
	s, _ := newSender(t, drain{}, nil)
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		m, _ := Open(given)
		m.Own.Extra, *m.Context, *m.Integrations = extra, m.Own, integrations
		_, _ = s.Send(m, 100)
	}), 1.0)
	require.NoError(t, s.Close())
}

// drain takes everything.
type drain struct{}

func (drain) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
}

func BenchmarkSendAndDeliver(b *testing.B) {
	given := &analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}}
	b.Run("analytics-go", func(b *testing.B) {
		c, err := analytics.NewWithConfig("key", analytics.Config{Transport: drain{}})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			_ = c.Enqueue(given)
		}
		_ = c.Close()
	})
	b.Run("delivery", func(b *testing.B) {
		s, err := NewSender(Config{
			WriteKey: "key", MaxPending: 10_000, MaxPendingBytes: 64 << 20, Wait: never, Count: func(error) {}, Tell: func(analytics.Message, error) {},
			Segment: analytics.Config{Transport: drain{}},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			m, _ := Open(given)
			_, _ = s.Send(m, NotFrozen)
		}
		_ = s.Close()
	})
}
