package segmenttest_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/internal/failtest"
)

func TestRequireInboxSaysWhatBecameOfEachEvent(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Hotjar"}, Categories: map[string][]string{"analytics": {"Amplitude"}},
	})
	require.Equal(t, "segmenttest: 0 events were delivered to Amplitude, want 1\n\tno event arrived; is the client closed?",
		failtest.One(t, func(tb testing.TB) { segment.RequireInbox(tb, "Amplitude", 1) }))

	send(t, segment.Config(), segment.WriteKey(),
		analytics.Track{UserId: "u-1", Event: "Ordered", Context: categories(map[string]bool{"analytics": false})},
		analytics.Page{AnonymousId: "v-1", Name: "Home", Integrations: integrations{"All": false}},
		analytics.Identify{UserId: "u-1"})
	post(t, segment, "import", nil, "")
	require.Equal(t, `segmenttest: 1 events were delivered to Amplitude, want 0
	1. track "Ordered" by u-1: filtered by end user consent; integrations null, consent {"analytics":false}
	2. page "Home" by v-1: filtered by the integrations object; integrations {"All":false}, consent null; it has no consent context: send it through a consent.Client
	3. identify by u-1: delivered; integrations null, consent null; it has no consent context: send it through a consent.Client
	refused with status 404: there is no /v1/import
	cure: send every event with client.For(ctx).Enqueue, and give no other client this write key`,
		failtest.One(t, func(tb testing.TB) { segment.RequireInbox(tb, "Amplitude", 0) }))
	require.Equal(t, `segmenttest: the workspace has no destination "amplitude"; it has: Amplitude, Hotjar`,
		failtest.One(t, func(tb testing.TB) { segment.RequireInbox(tb, "amplitude", 0) }))
}

func TestRequireKnownNames(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Braze"}, Former: map[string][]string{"Braze": {"Appboy"}},
		Categories: map[string][]string{"analytics": {"Amplitude"}, "crm": {"Braze"}},
	})
	good := analytics.Track{UserId: "u", Event: "e", Context: categories(map[string]bool{"analytics": true, "crm": false}),
		Integrations: integrations{"All": false, "Amplitude": true, "Appboy": true, "Segment.io": true, "Warehouses": map[string]any{"all": false}}}
	send(t, segment.Config(), segment.WriteKey(), good, analytics.Identify{UserId: "u"})
	segment.RequireKnownNames(t)

	send(t, segment.Config(), segment.WriteKey(), analytics.Track{UserId: "u", Event: "e",
		Context: categories(map[string]bool{"Analytics": true, "crm": true}), Integrations: integrations{"all": false, "Amplitude (Actions)": true}})
	require.Equal(t, `segmenttest: names that Segment does not know, to be corrected in the Config of the policy:
	"Amplitude (Actions)" in the integrations object is no destination of the workspace, which has: Amplitude, Braze
	"Analytics" in the consent object is no category of the workspace, which has: analytics, crm
	"all" in the integrations object is no destination of the workspace, which has: Amplitude, Braze
	the category "analytics" of the workspace is missing from a consent object, and counts as denied`,
		failtest.One(t, func(tb testing.TB) { segment.RequireKnownNames(tb) }))
}

// What a test does to the arrivals it was given, the next one does not see.
func TestArrivalsAreCopies(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	send(t, segment.Config(), segment.WriteKey(), order("u"))
	first := segment.Arrivals()
	want := string(first[0].JSON)
	clear(first[0].JSON)
	clear(first[0].Deliveries)
	require.Equal(t, want, string(segment.RequireInbox(t, "Amplitude", 1)[0].JSON))
}

// What did not arrive is no proof as long as nothing has.
func TestNothingHasToHaveArrived(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	const nothing = "segmenttest: nothing has arrived, which proves nothing; if nothing is to arrive, ask with RequireArrivals(t, 0)" +
		"\n\tno event arrived; is the client closed?"
	require.Equal(t, nothing, failtest.One(t, func(tb testing.TB) { segment.RequireInbox(tb, "Amplitude", 0) }))
	require.Equal(t, nothing, failtest.One(t, func(tb testing.TB) { segment.RequireKnownNames(tb) }))
	require.Empty(t, segment.RequireArrivals(t, 0))
	require.Equal(t, "segmenttest: 0 events arrived, want 1\n\tno event arrived; is the client closed?",
		failtest.One(t, func(tb testing.TB) { segment.RequireArrivals(tb, 1) }))

	send(t, segment.Config(), segment.WriteKey(), order("u"))
	require.Len(t, segment.RequireArrivals(t, 1), 1)
	require.Contains(t, failtest.One(t, func(tb testing.TB) { segment.RequireArrivals(tb, 0) }),
		"segmenttest: 1 events arrived, want 0\n\t1. track \"Ordered\" by u: arrived; integrations null")
	require.Contains(t, failtest.One(t, func(tb testing.TB) { segment.RequireKnownNames(tb) }),
		"segmenttest: no event with a consent object has arrived, so that there are no names to compare")
}
