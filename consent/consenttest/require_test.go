package consenttest_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/failtest"
)

func watched(recorder *consenttest.Recorder) *consent.Client {
	return consent.New(recorder, policy, nil)
}

func enqueue(t testing.TB, client *consent.Client, messages ...analytics.Message) {
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
	opened, _ := delivery.Open(m)
	return *opened.MessageID
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

	recorder.RequireDenied(t, "Amplitude", consent.ReasonCategoryDenied, 1)
	recorder.RequireDenied(t, "Amplitude", "", 1)
	recorder.RequireDenied(t, "Facebook Pixel", consent.ReasonNoAnswer, 2)
	recorder.RequireDenied(t, "Facebook Pixel", "", 3)
	recorder.Where(consenttest.Filter{User: "u-2", Type: "track"}).RequireReached(t, "Amplitude", 1)
	recorder.Where(consenttest.Filter{User: "u-1"}).RequireNotReached(t, "Amplitude")

	require.Contains(t, failtest.One(t, func(tb testing.TB) { recorder.RequireNotReached(tb, "Amplitude") }),
		"consenttest: 1 events reached Amplitude, want 0")
	require.Empty(t, failtest.All(t, func(tb testing.TB) { recorder.RequireNotReached(tb, "Facebook Pixel") }))

	require.Equal(t, `consenttest: 1 messages of type track were suppressed, want 0
decided:
	1. track "Ordered" by u-1: suppressed, no destination may see it; Amplitude: denied, the visitor denied a category (analytics); Facebook Pixel: denied, the visitor denied a category (advertising); Mixpanel: denied, the visitor denied a category (analytics)
	2. track "Ordered" by u-2: Amplitude: allowed, the visitor granted every category of it (analytics); Facebook Pixel: denied, no answer, and the policy is opt-in; Mixpanel: allowed, the visitor granted every category of it (analytics)`,
		facts(failtest.One(t, func(tb testing.TB) {
			recorder.Where(consenttest.Filter{Type: "track"}).RequireSuppressed(tb, "", 0)
		})))
	require.Equal(t, `consenttest: 0 messages of type track were denied to Mixpanel because "the visitor denied it by name", want 2
decided:
	1. track "Ordered" by u-1: suppressed, no destination may see it; Mixpanel: denied, the visitor denied a category (analytics)
	2. track "Ordered" by u-2: Mixpanel: allowed, the visitor granted every category of it (analytics)`,
		facts(failtest.One(t, func(tb testing.TB) {
			recorder.Where(consenttest.Filter{Type: "track"}).RequireDenied(tb, "Mixpanel", consent.ReasonDestinationDenied, 2)
		})))
}

func TestFailureTellsOfANameThatNobodyDecidedAbout(t *testing.T) {
	var recorder consenttest.Recorder
	enqueue(t, watched(&recorder).With(consenttest.Grant("analytics")), order("u-1"))
	require.Equal(t, `consenttest: 0 events reached amplitude, want 1
	1. track "Ordered" by u-1: not reached, "All": false
decided:
	1. track "Ordered" by u-1: amplitude: denied, the policy does not list it
"amplitude" has no verdict; names are exact, and those decided about are: Amplitude, Facebook Pixel, Mixpanel`,
		facts(failtest.One(t, func(tb testing.TB) { recorder.RequireReached(tb, "amplitude", 1) })))
}

// falseGreens are requirements that would pass in a test that looks in the wrong place.
var falseGreens = map[string]struct {
	require func(testing.TB, *consenttest.Recorder)
	failure string
}{
	"a misspelt destination": {
		func(tb testing.TB, r *consenttest.Recorder) { r.RequireNotReached(tb, "Facebook pixel") },
		`consenttest: "Facebook pixel" is no destination that the policy knows, so that nothing follows from what reached it; ` +
			`names are exact: Amplitude, Facebook Pixel, Mixpanel (others can be listed in the Destinations of the Recorder)`,
	},
	"a misspelt destination, none reached": {func(tb testing.TB, r *consenttest.Recorder) { r.RequireReached(tb, "Hotjar", 0) }, `"Hotjar" is no destination`},
	"a misspelt destination of one event":  {func(tb testing.TB, r *consenttest.Recorder) { r.Where(ofU1).RequireNotReached(tb, "amplitude") }, `"amplitude" is no destination`},
	"a misspelt destination, denied":       {func(tb testing.TB, r *consenttest.Recorder) { r.RequireDenied(tb, "Facebook pixel", "", 2) }, `"Facebook pixel" is no destination`},
	"a misspelt destination, denied by rule": {func(tb testing.TB, r *consenttest.Recorder) {
		r.RequireDenied(tb, "Hotjar", consent.ReasonNotListed, 2)
	}, `"Hotjar" is no destination`},
	"a misspelt destination, never denied": {func(tb testing.TB, r *consenttest.Recorder) { r.Where(ofU1).RequireDenied(tb, "", "", 0) }, `1 messages of user u-1 were denied to `},
	"a misspelt event": {
		func(tb testing.TB, r *consenttest.Recorder) {
			r.Where(consenttest.Filter{Event: "Orderd"}).RequireNotReached(tb, "Amplitude")
		},
		"consenttest: no message of event Orderd was tracked, which proves nothing; if some were, the Recorder was told of no decision; " +
			"it has to be the client that consent.New is given, or to be embedded in it",
	},
	"a misspelt event, suppressed": {
		func(tb testing.TB, r *consenttest.Recorder) {
			r.Where(consenttest.Filter{Type: "tracks"}).RequireSuppressed(tb, "", 0)
		},
		"no message of type tracks was tracked",
	},
	"a misspelt event, denied": {
		func(tb testing.TB, r *consenttest.Recorder) {
			r.Where(ofU1).Where(consenttest.Filter{Event: "Orderd"}).RequireDenied(tb, "Amplitude", "", 0)
		},
		"no message of event Orderd of user u-1 was tracked",
	},
	"another reason, suppressed": {
		func(tb testing.TB, r *consenttest.Recorder) { r.RequireSuppressed(tb, consent.SuppressedAlias, 0) },
		`consenttest: 0 messages because "an alias leaves only when nothing is denied" proves nothing, since another reason may have stood in the way; ask with the reason ""`,
	},
	"another reason, denied": {
		func(tb testing.TB, r *consenttest.Recorder) {
			r.RequireDenied(tb, "Amplitude", consent.ReasonNoAnswer, 0)
		},
		"proves nothing",
	},
	"nothing tracked since": {
		func(tb testing.TB, r *consenttest.Recorder) { r.Reset(); r.RequireNotReached(tb, "Amplitude") },
		"no message was tracked",
	},
}

var ofU1 = consenttest.Filter{User: "u-1"}

func TestNoFalseGreen(t *testing.T) {
	for name, test := range falseGreens {
		t.Run(name, func(t *testing.T) {
			var recorder consenttest.Recorder
			enqueue(t, watched(&recorder).With(consenttest.Deny("analytics", "advertising")), order("u-1"))
			enqueue(t, watched(&recorder).With(consenttest.Grant("analytics")), order("u-2"))
			require.Contains(t, failtest.One(t, func(tb testing.TB) { test.require(tb, &recorder) }), test.failure)
		})
	}
}

// The test is about what was not sent, and nothing at all was recorded.
func TestNothingTrackedIsAFailure(t *testing.T) {
	for name, requirement := range map[string]func(testing.TB, *consenttest.Recorder){
		"reached":     func(tb testing.TB, r *consenttest.Recorder) { r.RequireReached(tb, "Amplitude", 0) },
		"not reached": func(tb testing.TB, r *consenttest.Recorder) { r.RequireNotReached(tb, "Amazon S3") },
		"suppressed":  func(tb testing.TB, r *consenttest.Recorder) { r.RequireSuppressed(tb, "", 0) },
		"denied":      func(tb testing.TB, r *consenttest.Recorder) { r.RequireDenied(tb, "Amplitude", "", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			recorder := consenttest.Recorder{Destinations: []string{"Amplitude"}}
			require.Contains(t, failtest.One(t, func(tb testing.TB) { requirement(tb, &recorder) }),
				"consenttest: no message was tracked, which proves nothing")
		})
	}
}

// A client between the two that embeds the Recorder passes on what was decided. One that does
// not embed it is reported.
func TestRecorderBehindAnotherClient(t *testing.T) {
	type embedding struct{ *consenttest.Recorder }
	var recorder consenttest.Recorder
	enqueue(t, consent.New(embedding{&recorder}, policy, nil).With(consenttest.Deny("analytics", "advertising")), order("u"))
	recorder.RequireSuppressed(t, "", 1)
	recorder.RequireNotReached(t, "Amplitude")

	type hiding struct{ analytics.Client }
	var hidden consenttest.Recorder
	client := consent.New(hiding{&hidden}, policy, nil)
	enqueue(t, client.With(consenttest.Deny("analytics", "advertising")), order("u"))
	const untold = "the Recorder was told of no decision; it has to be the client that consent.New is given, or to be embedded in it"
	require.Contains(t, failtest.One(t, func(tb testing.TB) { hidden.RequireNotReached(tb, "Amplitude") }), untold)

	enqueue(t, client.With(consenttest.Grant("analytics")), order("u"))
	for _, requirement := range []func(testing.TB){
		func(tb testing.TB) { hidden.RequireSuppressed(tb, "", 0) },
		func(tb testing.TB) { hidden.RequireDenied(tb, "Amplitude", "", 0) },
	} {
		require.Equal(t, "consenttest: "+untold, failtest.One(t, requirement))
	}
	hidden.RequireReached(t, "Amplitude", 1) // as its integrations object says
	require.Contains(t, failtest.One(t, func(tb testing.TB) { hidden.RequireNotReached(tb, "Facebook Pixel") }),
		"names are exact: Amplitude, Mixpanel, Warehouses (")
}

// Where unlisted destinations are open, any name that was not mentioned is reached.
func TestMisspeltNamesInOpenForm(t *testing.T) {
	open := destinations.MustCompile(destinations.Config{
		Categories:    map[string][]string{"advertising": {"Facebook Pixel"}, "analytics": {"Amplitude"}},
		AllowUnlisted: true,
	})
	record := func(known ...string) *consenttest.Recorder {
		recorder := &consenttest.Recorder{Destinations: known}
		visitor := consenttest.Deny("advertising").WithDestinations(map[string]bool{"Hotjar": false})
		enqueue(t, consent.New(recorder, open, nil).With(visitor),
			analytics.Track{UserId: "u", Event: "e", Integrations: integrations{"Mixpanel": false}})
		return recorder
	}
	record().RequireNotReached(t, "Facebook Pixel")
	for _, name := range []string{"Facebook pixel", "Hotjar", "Mixpanel"} {
		n := len(record().Reached(name))
		require.Contains(t, failtest.One(t, func(tb testing.TB) { record().RequireReached(tb, name, n) }),
			"no destination that the policy knows", name)
	}
	record("Hotjar").RequireNotReached(t, "Hotjar")
	record("Braze").RequireReached(t, "Braze", 1)
	record().RequireReached(t, "Warehouses", 1)
	record().RequireReached(t, "Amazon S3", 1)

	// Nothing is closed; the policy still knows its names.
	var all consenttest.Recorder
	enqueue(t, consent.New(&all, open, nil).With(consenttest.Grant("advertising", "analytics")), order("u"))
	all.RequireReached(t, "Facebook Pixel", 1)
	require.Contains(t, failtest.One(t, func(tb testing.TB) { all.RequireReached(tb, "Facebook pixel", 1) }),
		"no destination that the policy knows")
}

// Without a policy an event that closes nothing reaches everything.
func TestEventsWithoutAPolicy(t *testing.T) {
	record(t, analytics.Track{UserId: "u", Event: "e"}).RequireReached(t, "Amplitude", 1)
	closing := record(t, analytics.Track{UserId: "u", Event: "e", Integrations: integrations{"All": true, "Facebook Pixel": false}})
	closing.RequireNotReached(t, "Facebook Pixel")
	for name, n := range map[string]int{"Facebook pixel": 1, "All": 1, "Segment.io": 1} {
		require.Contains(t, failtest.One(t, func(tb testing.TB) { closing.RequireReached(tb, name, n) }),
			"names are exact: Facebook Pixel (")
	}
}

// A selection holds what was recorded so far, and is a separate Recorder.
func TestWhereIsARecorder(t *testing.T) {
	var recorder consenttest.Recorder
	client := watched(&recorder)
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u-1"), order("u-2"))
	selected := recorder.Where(ofU1)
	selected.Reset()
	require.NoError(t, selected.Close())
	recorder.RequireReached(t, "Amplitude", 2)
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u-1"))
	require.Empty(t, selected.Events())
	recorder.Where(ofU1).Where(consenttest.Filter{Type: "track"}).RequireReached(t, "Amplitude", 2)
}

func TestReset(t *testing.T) {
	var recorder consenttest.Recorder
	client := watched(&recorder)
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u"))
	enqueue(t, client.With(consent.All(consent.Denied)), order("u"))
	recorder.Reset()
	require.Empty(t, recorder.Events())
	require.Empty(t, recorder.Suppressed())
	enqueue(t, client.With(consenttest.Grant("analytics")), order("u"))
	recorder.RequireReached(t, "Amplitude", 1)

	require.NoError(t, recorder.Close())
	recorder.Reset()
	require.ErrorIs(t, recorder.Enqueue(order("u")), analytics.ErrClosed)
}
