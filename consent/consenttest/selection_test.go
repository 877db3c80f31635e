package consenttest_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// watched is a client whose decisions the recorder is told of.
func watched(recorder *consenttest.Recorder) *consent.Client {
	return consent.New(recorder, policy, &consent.Options{OnDecision: recorder.Decision})
}

func enqueue(t *testing.T, client *consent.Client, messages ...analytics.Message) {
	t.Helper()
	for _, m := range messages {
		require.NoError(t, client.Enqueue(m))
	}
}

func order(user string) analytics.Message {
	return &analytics.Track{UserId: user, Event: "Ordered"}
}

func TestFilter(t *testing.T) {
	recorder := record(t, messages()...)
	for _, test := range []struct {
		name   string
		filter consenttest.Filter
		ids    []string
	}{
		{"all", consenttest.Filter{}, []string{"1", "2", "3", "4", "5", "6", "1", "2", "3", "4", "5", "6"}},
		{"type", consenttest.Filter{Type: "group"}, []string{"5", "5"}},
		{"event", consenttest.Filter{Event: "Signed Up"}, []string{"1", "1"}},
		{"name of a page", consenttest.Filter{Event: "Home"}, []string{"3", "3"}},
		{"name of a screen", consenttest.Filter{Event: "Start"}, []string{"4", "4"}},
		{"user", consenttest.Filter{User: "u"}, []string{"1", "2", "5", "6", "1", "2", "5", "6"}},
		{"anonymous user", consenttest.Filter{User: "v"}, []string{"3", "4", "6", "3", "4", "6"}},
		{"several", consenttest.Filter{Type: "alias", User: "v"}, []string{"6", "6"}},
		{"none", consenttest.Filter{Type: "track", Event: "Home"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var ids []string
			for _, e := range recorder.Where(test.filter).Events() {
				ids = append(ids, messageID(e.Message))
			}
			require.Equal(t, test.ids, ids)
		})
	}
}

func messageID(m analytics.Message) string {
	switch m := m.(type) {
	case analytics.Track:
		return m.MessageId
	case analytics.Identify:
		return m.MessageId
	case analytics.Page:
		return m.MessageId
	case analytics.Screen:
		return m.MessageId
	case analytics.Group:
		return m.MessageId
	default:
		return m.(analytics.Alias).MessageId
	}
}

func TestSuppressedMessagesAndTheirReasons(t *testing.T) {
	var recorder consenttest.Recorder
	client := watched(&recorder)
	enqueue(t, client.With(consenttest.Deny("analytics", "advertising")), order("u-1"))
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u-2"), analytics.Alias{UserId: "u-2", PreviousId: "v-2"})

	all := recorder.RequireSuppressed(t, "", 2)
	require.Equal(t, "u-1", all[0].Message.(analytics.Track).UserId)
	require.Equal(t, recorder.Suppressed(), all)
	recorder.RequireSuppressed(t, consent.SuppressedNothingAllowed, 1)
	recorder.RequireSuppressed(t, consent.SuppressedAlias, 1)
	recorder.RequireSuppressed(t, consent.SuppressedUnstoppable, 0)
	recorder.Where(consenttest.Filter{User: "u-1"}).RequireSuppressed(t, consent.SuppressedAlias, 0)

	recorder.RequireDenied(t, "Amplitude", consent.ReasonCategoryDenied, 1)
	recorder.RequireDenied(t, "Amplitude", "", 1)
	recorder.RequireDenied(t, "Facebook Pixel", consent.ReasonNoAnswer, 2)
	recorder.RequireDenied(t, "Facebook Pixel", "", 3)
	recorder.RequireDenied(t, "Hotjar", consent.ReasonNotListed, 3)
	recorder.Where(consenttest.Filter{User: "u-2", Type: "track"}).RequireReached(t, "Amplitude", 1)
	recorder.Where(consenttest.Filter{User: "u-1"}).RequireNotReached(t, "Amplitude")

	require.Contains(t, failure(t, func(tb testing.TB) { recorder.RequireNotReached(tb, "Amplitude") }),
		"consenttest: 1 events reached Amplitude, want 0")
	require.Empty(t, failures(t, func(tb testing.TB) { recorder.RequireNotReached(tb, "Facebook Pixel") }))

	require.Equal(t, `consenttest: 1 messages of type track stayed home, want 0
decided:
	1. track "Ordered" by u-1: stayed home, no destination may see it; Amplitude: denied, the visitor denied a category (analytics); Facebook Pixel: denied, the visitor denied a category (advertising); Mixpanel: denied, the visitor denied a category (analytics)
	2. track "Ordered" by u-2: Amplitude: allowed, the visitor granted every category of it (analytics); Facebook Pixel: denied, no answer, and the policy is opt-in; Mixpanel: allowed, the visitor granted every category of it (analytics)`,
		failure(t, func(tb testing.TB) {
			recorder.Where(consenttest.Filter{Type: "track"}).RequireSuppressed(tb, "", 0)
		}))
	require.Equal(t, `consenttest: 0 messages of type track were denied to Mixpanel because "the visitor denied it by name", want 2
decided:
	1. track "Ordered" by u-1: stayed home, no destination may see it; Mixpanel: denied, the visitor denied a category (analytics)
	2. track "Ordered" by u-2: Mixpanel: allowed, the visitor granted every category of it (analytics)`,
		failure(t, func(tb testing.TB) {
			recorder.Where(consenttest.Filter{Type: "track"}).RequireDenied(tb, "Mixpanel", consent.ReasonDestinationDenied, 2)
		}))
}

func TestFailureTellsOfANameThatNobodyDecidedAbout(t *testing.T) {
	var recorder consenttest.Recorder
	enqueue(t, watched(&recorder).With(consenttest.Grant("analytics")), order("u-1"))
	require.Equal(t, `consenttest: 0 events reached amplitude, want 1
	1. track "Ordered" by u-1: not reached, "All": false
decided:
	1. track "Ordered" by u-1: amplitude: denied, the policy does not list it
"amplitude" has no verdict; names are exact, and those decided about are: Amplitude, Facebook Pixel, Mixpanel`,
		failure(t, func(tb testing.TB) { recorder.RequireReached(tb, "amplitude", 1) }))
}

func TestRequirementsNeedDecisions(t *testing.T) {
	const cure = "consenttest: the Recorder knows of no decision: either nothing was tracked, or the client needs " +
		"consent.Options{OnDecision: recorder.Decision}"
	for name, client := range map[string]func(*consenttest.Recorder) *consent.Client{
		"nothing tracked": func(r *consenttest.Recorder) *consent.Client { return nil },
		"nobody told": func(r *consenttest.Recorder) *consent.Client {
			return consent.New(r, policy, nil).With(consenttest.Grant("analytics"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var recorder consenttest.Recorder
			if c := client(&recorder); c != nil {
				enqueue(t, c, order("u"))
			}
			require.Equal(t, cure, failure(t, func(tb testing.TB) { recorder.RequireSuppressed(tb, "", 0) }))
			require.Equal(t, cure, failure(t, func(tb testing.TB) { recorder.RequireDenied(tb, "Amplitude", "", 0) }))
		})
	}
}

func TestReset(t *testing.T) {
	var recorder consenttest.Recorder
	client := watched(&recorder)
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u"))
	enqueue(t, client.With(consenttest.Deny()), order("u"))
	recorder.Reset()
	require.Empty(t, recorder.Events())
	require.Empty(t, recorder.Suppressed())
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u"))
	recorder.RequireReached(t, "Amplitude", 1)

	require.NoError(t, recorder.Close())
	recorder.Reset()
	require.ErrorIs(t, recorder.Enqueue(order("u")), analytics.ErrClosed)
}
