package consent_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
	routing "github.com/go-consent/segment/internal/segment"
)

// engageNames are those under which Segment's documentation and catalogue know Engage and
// the profiles below it.
var engageNames = []string{
	"Engage", "Twilio Engage", "Segment Engage", "Personas", "Segment Personas", "Segment Profiles", "Unify", "Segment Unify", "engage",
}

// engageRows are the rows of the table in the documentation of Segment. A row that this library
// cannot influence has no test.
var engageRows = map[string]func(*testing.T){
	"it reaches profiles, computed traits and audiences":  testEngageGetsWhatIsAllowed,
	"the preferences that the profile stores":             testProfileLearnsEveryCategory,
	"a policy that does not name Engage":                  testUnnamedEngageGetsEverything,
	"audiences and journeys of profiles collected before": nil,
	"destinations that Engage itself sends to":            nil,
	"profile sync to a warehouse":                         nil,
	"what was stored before a withdrawal":                 nil,
}

func TestEngageIsAsDocumented(t *testing.T) {
	text, err := os.ReadFile("router.go")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^//\t\| ([^|]+?) \| ([^|:]+):? ?[^|]*\|$`).FindAllStringSubmatch(string(text), -1)[1:] // below the head
	require.Len(t, rows, len(engageRows))
	for _, row := range rows {
		test, ok := engageRows[row[1]]
		require.True(t, ok, "the row %q has no test", row[1])
		require.Equal(t, row[2] == "ours" || row[2] == "the site's", test != nil, row[0])
		if test != nil {
			t.Run(row[1], test)
		}
	}
}

func engagePolicy(name string) consent.Policy {
	return destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}, "profiles": {name}}})
}

func testEngageGetsWhatIsAllowed(t *testing.T) {
	for _, name := range engageNames {
		for answer, c := range map[string]struct {
			state  consent.State
			leaves bool
		}{
			"granted":           {consenttest.Grant("analytics", "profiles"), true},
			"denied":            {consenttest.Grant("analytics").Restrict(consenttest.Deny("profiles")), false},
			"not answered":      {consenttest.Grant("analytics"), false},
			"denied by name":    {consenttest.Grant("analytics", "profiles").WithDestinations(map[string]bool{name: false, "Amplitude": true}), false},
			"nobody looked":     {consent.State{}, false},
			"everything denied": {consent.All(consent.Denied), false},
		} {
			var recorder consenttest.Recorder
			client := consent.New(&recorder, engagePolicy(name), nil).With(c.state)
			require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{name: true}}))
			require.NoError(t, client.Enqueue(analytics.Identify{UserId: "u"}))
			require.Equal(t, c.leaves, len(recorder.Events()) == 2, "%s, %s", name, answer)
			require.Equal(t, !c.leaves, len(recorder.Events()) == 0, "%s, %s", name, answer)
		}
	}
}

// preferences returns the category preferences of an event, which a profile stores.
func preferences(t *testing.T, e consenttest.Event) map[string]bool {
	t.Helper()
	var m struct {
		Context struct {
			Consent struct{ CategoryPreferences map[string]bool }
		}
	}
	require.NoError(t, json.Unmarshal(e.JSON, &m))
	return m.Context.Consent.CategoryPreferences
}

func testProfileLearnsEveryCategory(t *testing.T) {
	var recorder consenttest.Recorder
	client := consent.New(&recorder, engagePolicy("Engage"), nil)
	require.NoError(t, client.With(consenttest.Grant("analytics", "profiles")).Enqueue(analytics.Identify{UserId: "u"}))
	require.NoError(t, client.Tell(consent.Answer{State: consenttest.Deny("analytics", "profiles"), UserID: "u"}))
	require.Len(t, recorder.Events(), 2, "a withdrawal reaches the profile")
	require.Equal(t, map[string]bool{"analytics": true, "profiles": true}, preferences(t, recorder.Events()[0]))
	require.Equal(t, map[string]bool{"analytics": false, "profiles": false}, preferences(t, recorder.Events()[1]))
}

func testUnnamedEngageGetsEverything(t *testing.T) {
	var recorder consenttest.Recorder
	client := consent.New(&recorder, routed, nil).With(consenttest.Grant("analytics"))
	require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	require.Len(t, recorder.Events(), 1)
	workspace := routing.Workspace{Destinations: []routing.Destination{routing.Named("Engage")}}
	deliveries, err := workspace.Route(recorder.Events()[0].JSON)
	require.NoError(t, err)
	require.True(t, deliveries[0].Delivered)
}
