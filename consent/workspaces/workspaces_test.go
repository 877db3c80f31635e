package workspaces_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/workspaces"
	"github.com/go-consent/segment/destinations"
)

var (
	policy  = destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}})
	granted = consent.NewState(map[string]bool{"analytics": true})
)

// from is the context of a visitor who granted analytics, in a region.
func from(region string) context.Context {
	return workspaces.NewContext(consent.NewContext(context.Background(), granted), region)
}

func track(event string) analytics.Track { return analytics.Track{UserId: "u", Event: event} }

// eventsOf returns the names of the events that arrived.
func eventsOf(t *testing.T, s *segmenttest.Segment) (events []string) {
	t.Helper()
	for _, a := range s.Arrivals() {
		var sent struct{ Event string }
		require.NoError(t, json.Unmarshal(a.JSON, &sent))
		events = append(events, sent.Event)
	}
	return events
}

// two starts a European and an American Segment, and a Router between them.
func two(t *testing.T) (eu, us *segmenttest.Segment, router *workspaces.Router) {
	t.Helper()
	w := segmenttest.Workspace{Destinations: []string{"Amplitude"}, Categories: map[string][]string{"analytics": {"Amplitude"}}}
	eu, us = segmenttest.New(t, w), segmenttest.New(t, w)
	router, err := workspaces.New(workspaces.Config{
		Workspaces: map[string]*consent.Client{"eu": clientOf(t, eu), "us": clientOf(t, us)},
		Regions:    map[string]string{"US": "us", "CA": "us", "US-CA": "eu"},
		Strict:     "eu",
	})
	require.NoError(t, err)
	return eu, us, router
}

func clientOf(t *testing.T, s *segmenttest.Segment) *consent.Client {
	t.Helper()
	c := s.Config()
	c.Logger = analytics.StdLogger(log.New(io.Discard, "", 0))
	client, err := consent.NewSegment(s.WriteKey(), c, policy, nil)
	require.NoError(t, err)
	return client
}

func TestMessageGoesToWorkspaceOfRegion(t *testing.T) {
	eu, us, router := two(t)
	for region, want := range map[string]string{
		"US": "us", "US-NY": "us", "US-": "us", "CA": "us", "CA-QC": "us",
		"US-CA": "eu", // has an entry of its own
		"DE":    "eu", "": "eu", "us": "eu", "USA": "eu", "-US": "eu", " US": "eu", "US,DE": "eu",
	} {
		require.Equal(t, want, router.Workspace(from(region)), region)
		require.NoError(t, router.For(from(region)).Enqueue(track(want)))
	}
	require.NoError(t, router.For(context.Background()).Enqueue(track("nobody's: suppressed")))
	require.NoError(t, router.Flush(context.Background()))
	require.NoError(t, router.Close())
	us.RequireArrivals(t, 5)
	for _, event := range eventsOf(t, us) {
		require.Equal(t, "us", event)
	}
	eu.RequireArrivals(t, 8)
	for _, event := range eventsOf(t, eu) {
		require.Equal(t, "eu", event)
	}
	stats := router.Stats()
	require.EqualValues(t, 5, stats["us"].Delivered)
	require.EqualValues(t, 8, stats["eu"].Delivered)
	require.EqualValues(t, 1, stats["eu"].Unbound)
}

// A job carries the text of the State and the region. The worker has no request, and does not
// need the Region of the Config.
func TestJobsCarryTheRegion(t *testing.T) {
	type requestKey struct{}
	var us, eu consenttest.Recorder
	config := workspaces.Config{
		Workspaces: map[string]*consent.Client{"eu": consent.New(&eu, policy, nil), "us": consent.New(&us, policy, nil)},
		Regions:    map[string]string{"US": "us"},
		Strict:     "eu",
		Region: func(ctx context.Context) string {
			region, _ := ctx.Value(requestKey{}).(string)
			return region
		},
	}
	router, err := workspaces.New(config)
	require.NoError(t, err)

	type job struct{ Consent, Region string }
	var payloads [][]byte
	for _, region := range []string{"US-NY", "FR", ""} {
		ctx := consent.NewContext(context.WithValue(context.Background(), requestKey{}, region), granted)
		payload, err := json.Marshal(job{consent.Text(ctx), router.Region(ctx)})
		require.NoError(t, err)
		payloads = append(payloads, payload)
	}
	payloads = append(payloads, []byte(`{"Consent":"`+granted.String()+`"}`)) // of an older release
	for _, payload := range payloads {
		var j job
		require.NoError(t, json.Unmarshal(payload, &j))
		ctx, err := consent.WithText(context.Background(), j.Consent)
		require.NoError(t, err)
		require.NoError(t, router.For(workspaces.NewContext(ctx, j.Region)).Enqueue(track("from "+j.Region)))
	}
	require.Len(t, us.Reached("Amplitude"), 1)
	require.Len(t, eu.Reached("Amplitude"), 3)

	// A region in the context counts, and so does an empty one.
	inUS := context.WithValue(context.Background(), requestKey{}, "US")
	require.Equal(t, "us", router.Workspace(inUS))
	require.Equal(t, "eu", router.Workspace(workspaces.NewContext(inUS, "FR")))
	require.Equal(t, "eu", router.Workspace(workspaces.NewContext(inUS, "")))
}

func TestNewReportsEveryMistake(t *testing.T) {
	client := consent.New(consent.Discard, policy, nil)
	_, err := workspaces.New(workspaces.Config{
		Workspaces: map[string]*consent.Client{"a": client, "b": client, "c": nil, "": consent.New(consent.Discard, policy, nil)},
		Regions:    map[string]string{"": "a", "US": "us"},
		Strict:     "eu",
	})
	require.ErrorIs(t, err, workspaces.ErrConfig)
	for _, text := range []string{
		"a workspace has no name", `"a" and "b" have the same client`, `workspace "c" has no client`,
		"a region has no name", `region "US" has the unknown workspace "us"`, `Strict is the unknown workspace "eu"`,
	} {
		require.ErrorContains(t, err, text)
	}
	_, err = workspaces.New(workspaces.Config{})
	require.ErrorContains(t, err, "there is no workspace")
}

func TestConfigIsCopied(t *testing.T) {
	c := workspaces.Config{
		Workspaces: map[string]*consent.Client{"eu": consent.New(consent.Discard, policy, nil), "us": consent.New(consent.Discard, policy, nil)},
		Regions:    map[string]string{"US": "us"}, Strict: "eu",
	}
	router, err := workspaces.New(c)
	require.NoError(t, err)
	c.Regions["FR"] = "us"
	delete(c.Workspaces, "eu")
	require.Equal(t, "eu", router.Workspace(from("FR")))
	require.NoError(t, router.For(from("FR")).Enqueue(track("x")))
}

func TestNoRouterRefuses(t *testing.T) {
	var none context.Context // must not panic
	for _, router := range []*workspaces.Router{nil, {}} {
		require.ErrorIs(t, router.For(from("US")).Enqueue(track("x")), consent.ErrNoClient)
		require.ErrorIs(t, router.Flush(context.Background()), consent.ErrNoClient)
		require.ErrorIs(t, router.Close(), consent.ErrNoClient)
		_, err := router.Shutdown(context.Background())
		require.ErrorIs(t, err, consent.ErrNoClient)
		require.Empty(t, router.Stats())
		require.Empty(t, router.Workspace(from("US")))
		require.Equal(t, "US", router.Region(from("US")))
		require.Empty(t, router.Region(none))
	}
	require.Equal(t, "US", (*workspaces.Router)(nil).Region(workspaces.NewContext(none, "US")))
}

func TestEachWorkspaceHasItsOwnPolicy(t *testing.T) {
	var us, eu consenttest.Recorder
	narrow := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Mixpanel"}}})
	router, err := workspaces.New(workspaces.Config{
		Workspaces: map[string]*consent.Client{"eu": consent.New(&eu, narrow, nil), "us": consent.New(&us, policy, nil)},
		Regions:    map[string]string{"US": "us"}, Strict: "eu",
	})
	require.NoError(t, err)
	for _, region := range strings.Fields("US FR") {
		require.NoError(t, router.For(from(region)).Enqueue(track(region)))
	}
	us.RequireReached(t, "Amplitude", 1)
	eu.RequireReached(t, "Mixpanel", 1)
	require.Empty(t, eu.Reached("Amplitude"))
}
