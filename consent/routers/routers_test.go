package routers_test

import (
	"context"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/destinations"
)

var (
	policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"}, "ads": {"Facebook Pixel"}, "fraud": {"Sift"},
	}})
	onlyAnalytics = consent.NewState(map[string]bool{"analytics": true, "ads": false, "fraud": false})
	gate          = consent.Gate{Destinations: []string{"Facebook Pixel"}} // a router that has this one alone
)

func track() analytics.Track { return analytics.Track{UserId: "u", Event: "Order Completed"} }

// newClient returns a Client of two routers, the second of which is a Gate if r is one.
func newClient(t *testing.T, first, second analytics.Client, r consent.Router) *routers.Client {
	t.Helper()
	client, err := routers.New(
		routers.Named{Name: "old", Client: consent.New(first, policy, nil)},
		routers.Named{Name: "new", Client: consent.New(second, policy, &consent.Options{Router: r})},
	)
	require.NoError(t, err)
	return client
}

func TestNewReportsEveryMistake(t *testing.T) {
	client := consent.New(consent.Discard, policy, nil)
	_, err := routers.New(
		routers.Named{Name: "a", Client: client}, routers.Named{Name: "b", Client: client},
		routers.Named{Name: "a", Client: consent.New(consent.Discard, policy, nil)},
		routers.Named{Name: "c"}, routers.Named{Client: consent.New(consent.Discard, policy, nil)},
	)
	require.ErrorIs(t, err, routers.ErrConfig)
	for _, text := range []string{
		`"a" and "b" have the same client`, `two routers have the name "a"`, `"c" has no client`, "a router has no name",
	} {
		require.ErrorContains(t, err, text)
	}
	_, err = routers.New()
	require.ErrorIs(t, err, routers.ErrConfig)
	require.ErrorContains(t, err, "there is no router")
}

func TestRoutersAreCopied(t *testing.T) {
	var old, other consenttest.Recorder
	given := []routers.Named{{Name: "old", Client: consent.New(&old, policy, nil)}}
	client, err := routers.New(given...)
	require.NoError(t, err)
	given[0].Client = consent.New(&other, policy, nil)
	require.NoError(t, client.With(onlyAnalytics).Enqueue(track()))
	require.Len(t, old.Events(), 1)
	require.Empty(t, other.Events())
}

func TestNoClientRefuses(t *testing.T) {
	for _, client := range []*routers.Client{nil, {}} {
		for name, bound := range map[string]*routers.Client{
			"itself": client, "With": client.With(onlyAnalytics), "For": client.For(context.Background()),
			"Anonymous": client.Anonymous(func() string { return "a" }), "Exempt": client.Exempt("builds"),
			"Necessary": client.Necessary("fraud", "Sift"), "About": client.About("u"),
		} {
			require.ErrorIs(t, bound.Enqueue(track()), consent.ErrNoClient, name)
			require.ErrorIs(t, bound.Tell(consent.Answer{}), consent.ErrNoClient, name)
			require.ErrorIs(t, bound.Flush(t.Context()), consent.ErrNoClient, name)
			require.ErrorIs(t, bound.Close(), consent.ErrNoClient, name)
			_, err := bound.Shutdown(t.Context())
			require.ErrorIs(t, err, consent.ErrNoClient, name)
			require.Empty(t, bound.Stats(), name)
		}
	}
}

// Flush, Close and Shutdown cover all, also when one of them fails.
func TestEndingCoversAllRouters(t *testing.T) {
	workspace := segmenttest.Workspace{Destinations: []string{"Amplitude"}}
	first, second := segmenttest.New(t, workspace), segmenttest.New(t, workspace)
	of := func(s *segmenttest.Segment) *consent.Client {
		c, err := consent.NewSegment(s.WriteKey(), s.Config(), policy, nil)
		require.NoError(t, err)
		return c
	}
	var recorder consenttest.Recorder
	client, err := routers.New(
		routers.Named{Name: "recorder", Client: consent.New(&recorder, policy, nil)},
		routers.Named{Name: "first", Client: of(first)}, routers.Named{Name: "second", Client: of(second)},
	)
	require.NoError(t, err)

	require.NoError(t, client.With(onlyAnalytics).Enqueue(track()))
	err = client.Flush(t.Context())
	require.ErrorIs(t, err, consent.ErrNotTracked)
	require.ErrorContains(t, err, `router "recorder"`)
	require.NotContains(t, err.Error(), "first")
	first.RequireInbox(t, "Amplitude", 1)
	second.RequireInbox(t, "Amplitude", 1)

	visitor := client.With(onlyAnalytics)
	require.NoError(t, visitor.Close(), "it is not for one visitor to close")
	_, err = visitor.Shutdown(t.Context())
	require.NoError(t, err)
	require.NoError(t, visitor.Enqueue(track()))

	lost, err := client.Shutdown(t.Context())
	require.NoError(t, err)
	require.Equal(t, -1, lost, "nobody knows what the recorder's client lost")
	first.RequireInbox(t, "Amplitude", 2)
	second.RequireInbox(t, "Amplitude", 2)
	err = visitor.Enqueue(track())
	require.ErrorIs(t, err, analytics.ErrClosed)
	for _, name := range []string{"recorder", "first", "second"} {
		require.ErrorContains(t, err, `router "`+name+`"`)
	}
	require.ErrorIs(t, client.Close(), analytics.ErrClosed)
	require.Equal(t, map[string]consent.Stats{
		"recorder": {Enqueued: 3, Accepted: 2, Refused: 1},
		"first":    {Enqueued: 3, Delivered: 2, Refused: 1}, "second": {Enqueued: 3, Delivered: 2, Refused: 1},
	}, client.Stats())
}

func TestShutdownAddsUpWhatWasLost(t *testing.T) {
	var named []routers.Named
	for i, name := range []string{"first", "second"} {
		s := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
		s.Stop()
		c, err := consent.NewSegment(s.WriteKey(), s.Config(), policy, nil)
		require.NoError(t, err)
		named = append(named, routers.Named{Name: name, Client: c})
		require.NoError(t, c.With(onlyAnalytics).Enqueue(track()), "%d", i)
	}
	client, err := routers.New(named...)
	require.NoError(t, err)
	require.NoError(t, client.With(onlyAnalytics).Enqueue(track()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lost, err := client.Shutdown(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 4, lost)
}
