package main

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// A mock compares the message with the one that is expected, as gomock does with a whole
// struct.
type mock struct{ got []analytics.Message }

func (m *mock) Enqueue(message analytics.Message) error {
	m.got = append(m.got, message)
	return nil
}

func (m *mock) Close() error { return nil }

func TestMockSeesStampedMessages(t *testing.T) {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}})
	want := analytics.Track{UserId: "u-1", Event: "Order Completed"}

	var m mock
	client := consent.New(&m, policy, nil)
	require.NoError(t, client.Enqueue(want))
	require.Empty(t, m.got, "no visitor: it does not arrive")

	granted := client.With(consent.NewState(map[string]bool{"analytics": true}))
	require.NoError(t, granted.Enqueue(&want))
	require.Len(t, m.got, 1)
	got, ok := m.got[0].(analytics.Track)
	require.True(t, ok, "by value, although it was enqueued by pointer")
	require.NotEqual(t, want, got)
	require.Equal(t, []string{want.UserId, want.Event}, []string{got.UserId, got.Event}, "matchers of fields work")
	require.Contains(t, got.Context.Extra, "consent")
	require.Equal(t, []any{false, true}, []any{got.Integrations["All"], got.Integrations["Amplitude"]})
}
