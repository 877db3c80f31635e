package consenttest_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/internal/failtest"
)

type integrations = analytics.Integrations

func TestReached(t *testing.T) {
	closed := false
	for _, test := range []struct {
		rule         string
		integrations integrations
		destination  string
		want         bool
	}{
		{"no integrations open", nil, "Amplitude", true},
		{"an entry false closes", integrations{"Amplitude": false}, "Amplitude", false},
		{"an entry true opens", integrations{"All": false, "Amplitude": true}, "Amplitude", true},
		{"an entry of options opens", integrations{"All": false, "Amplitude": map[string]any{}}, "Amplitude", true},
		{"an entry null opens", integrations{"All": false, "Amplitude": nil}, "Amplitude", true},
		{"an entry 0 opens", integrations{"All": false, "Amplitude": 0}, "Amplitude", true},
		{`an entry "false" opens`, integrations{"All": false, "Amplitude": "false"}, "Amplitude", true},
		{"false behind a pointer closes", integrations{"Amplitude": &closed}, "Amplitude", false},
		{"All false closes the others", integrations{"All": false, "Mixpanel": true}, "Amplitude", false},
		{"All true opens the others", integrations{"All": true, "Mixpanel": false}, "Amplitude", true},
		{"an entry false closes under All true", integrations{"All": true, "Amplitude": false}, "Amplitude", false},
		{"another casing of a name is another name", integrations{"amplitude": false}, "Amplitude", true},
		{"another casing of a name does not open", integrations{"All": false, "amplitude": true}, "Amplitude", false},
		{"all in lower case says nothing", integrations{"all": false}, "Amplitude", true},

		{"All does not close Warehouses", integrations{"All": false}, "Warehouses", true},
		{"Warehouses false", integrations{"Warehouses": false}, "Warehouses", false},
		{"Warehouses all false", integrations{"Warehouses": map[string]any{"all": false}}, "Warehouses", false},
		{"Warehouses all true", integrations{"All": false, "Warehouses": map[string]any{"all": true}}, "Warehouses", true},
		{"Warehouses by id", integrations{"Warehouses": map[string]any{"warehouseIds": []string{"w"}}}, "Warehouses", true},
		{"Warehouses All false is another key", integrations{"Warehouses": map[string]any{"All": false}}, "Warehouses", true},
		{"one kind of warehouse goes by Warehouses", integrations{"Warehouses": map[string]any{"all": false}}, "BigQuery", false},
		{"one kind of warehouse has no entry of its own", integrations{"All": false, "BigQuery": false}, "BigQuery", true},
		{"all false is the shape of Warehouses alone", integrations{"Amplitude": map[string]any{"all": false}}, "Amplitude", true},

		{"nothing closes Amazon S3", integrations{"All": false, "Amazon S3": false}, "Amazon S3", true},
		{"nothing closes Google Cloud Storage", integrations{"All": false, "Google Cloud Storage": false}, "Google Cloud Storage", true},
	} {
		t.Run(test.rule, func(t *testing.T) {
			recorder := record(t, analytics.Track{UserId: "u", Event: "e", Integrations: test.integrations})
			if test.want {
				require.Equal(t, recorder.Events(), recorder.Reached(test.destination))
			} else {
				require.Empty(t, recorder.Reached(test.destination))
			}
		})
	}
}

func TestReachedOfNothing(t *testing.T) {
	var recorder consenttest.Recorder
	require.Empty(t, recorder.Reached("Amazon S3"))
}

func TestReachedKeepsTheOrder(t *testing.T) {
	recorder := record(t,
		analytics.Track{UserId: "u", Event: "first"},
		analytics.Track{UserId: "u", Event: "second", Integrations: integrations{"Amplitude": false}},
		analytics.Track{UserId: "u", Event: "third"})
	events := recorder.Events()
	require.Equal(t, []consenttest.Event{events[0], events[2]}, recorder.Reached("Amplitude"))
}

func TestRequireReachedReturnsTheEvents(t *testing.T) {
	recorder := record(t,
		analytics.Track{UserId: "u", Event: "first"},
		analytics.Track{UserId: "u", Event: "second", Integrations: integrations{"Amplitude": false}})
	require.Equal(t, recorder.Events()[:1], recorder.RequireReached(t, "Amplitude", 1))
}

func TestRequireReachedSaysWhy(t *testing.T) {
	consented := &analytics.Context{Extra: map[string]any{"consent": map[string]any{"categoryPreferences": map[string]bool{"a": true}}}}
	recorder := record(t,
		analytics.Track{UserId: "u-1", Event: "Signed Up", Context: consented, Integrations: integrations{"All": false, "Amplitude": true}},
		analytics.Page{AnonymousId: "v-1", Name: "Home", Context: consented, Integrations: integrations{"All": false, "Mixpanel": true}},
		analytics.Identify{UserId: "u-1", Traits: analytics.NewTraits().SetName("secret")},
		analytics.Group{UserId: "u-1", GroupId: "g", Context: consented, Integrations: integrations{"Warehouses": map[string]any{"all": false}}})
	const unstamped = "; it has no consent context: send it through a consent.Client"

	for _, test := range []struct {
		destination string
		want        int
		failure     string
	}{
		{"Amplitude", 1, `consenttest: 3 events reached Amplitude, want 1
	1. track "Signed Up" by u-1: reached, "Amplitude": true
	2. page "Home" by v-1: not reached, "All": false
	3. identify by u-1: reached, no entry in integrations` + unstamped + `
	4. group by u-1: reached, no entry in integrations`},
		{"BigQuery", 4, `consenttest: 3 events reached BigQuery, want 4
	1. track "Signed Up" by u-1: reached, no entry in integrations
	2. page "Home" by v-1: reached, no entry in integrations
	3. identify by u-1: reached, no entry in integrations` + unstamped + `
	4. group by u-1: not reached, "Warehouses": {"all":false}`},
		{"Engage", 0, `consenttest: 4 events reached Engage, want 0
	1. track "Signed Up" by u-1: reached, integrations cannot stop it
	2. page "Home" by v-1: reached, integrations cannot stop it
	3. identify by u-1: reached, integrations cannot stop it` + unstamped + `
	4. group by u-1: reached, integrations cannot stop it`},
	} {
		require.Equal(t, test.failure, facts(failtest.One(t, func(tb testing.TB) {
			recorder.RequireReached(tb, test.destination, test.want)
		})))
	}
	require.Equal(t, `consenttest: 1 events of type track of event Signed Up of user u-1 reached Amplitude, want 0
	1. track "Signed Up" by u-1: reached, "Amplitude": true`, facts(failtest.One(t, func(tb testing.TB) {
		recorder.Where(consenttest.Filter{Type: "track", Event: "Signed Up", User: "u-1"}).RequireNotReached(tb, "Amplitude")
	})))
}

// facts returns a failure without the lines that tell where to look and what to do.
func facts(failure string) string {
	return regexp.MustCompile(`\n\t   sent at [^\n]*|\ncure: [^\n]*`).ReplaceAllString(failure, "")
}

func TestFailuresTellWhereToLookAndWhatToDo(t *testing.T) {
	var recorder consenttest.Recorder
	client := watched(&recorder)
	track := func(s consent.State) { require.NoError(t, client.With(s).Enqueue(order("u-1"))) }
	track(consenttest.Grant("analytics"))
	track(consenttest.Deny("analytics", "advertising"))
	failure := failtest.One(t, func(tb testing.TB) { recorder.RequireNotReached(tb, "Amplitude") })
	require.Regexp(t, `1\. track "Ordered" by u-1: reached, "Amplitude": true
	   sent at TestFailuresTellWhereToLookAndWhatToDo \(explain_test.go:\d+\), called by TestFailuresTellWhereToLookAndWhatToDo \(explain_test.go:\d+\)
decided:`, failure)
	require.Regexp(t, `suppressed, no destination may see it; .*\n	   sent at TestFailuresTellWhereToLook`, failure)
	require.Contains(t, failure, "\ncure: where it was sent, bind the client to the visitor's own answer: client.For(r.Context()), or With(what was stored)")
}

func TestRequireReachedSaysThatNothingWasSent(t *testing.T) {
	var recorder consenttest.Recorder
	require.Equal(t, "consenttest: 0 events reached Amplitude, want 1\n\tno event was sent",
		failtest.One(t, func(tb testing.TB) { recorder.RequireReached(tb, "Amplitude", 1) }))
}

func record(t *testing.T, messages ...analytics.Message) *consenttest.Recorder {
	t.Helper()
	recorder := new(consenttest.Recorder)
	for _, m := range messages {
		require.NoError(t, recorder.Enqueue(m))
	}
	return recorder
}

// Each failure ends with what to do, where that is known.
func TestCures(t *testing.T) {
	for name, test := range map[string]struct {
		bound       consent.State
		destination string
		want        int
		cure        string
	}{
		"too much":         {consenttest.Grant("analytics"), "Amplitude", 0, "cure: where it was sent, bind the client to the visitor's own answer"},
		"nothing was read": {consent.State{}, "Amplitude", 1, "cure: no answer was there: use client.For(ctx)"},
		"another answer":   {consenttest.Deny("analytics"), "Amplitude", 1, "cure: if this visitor allows it, bind the client to their answer"},
		"a wrong name":     {consenttest.Grant("analytics"), "Amplitude (Actions)", 1, `cure: write "Amplitude"`},
		"a wrong name, 0":  {consenttest.Grant("analytics"), "Facebook Pixels", 0, `cure: write "Facebook Pixel"`},
	} {
		t.Run(name, func(t *testing.T) {
			var recorder consenttest.Recorder
			require.NoError(t, watched(&recorder).With(test.bound).Enqueue(order("u-1")))
			require.Contains(t, failtest.One(t, func(tb testing.TB) { recorder.RequireReached(tb, test.destination, test.want) }), test.cure)
		})
	}
}

func TestCuresOfATable(t *testing.T) {
	kept := func(s consent.State) func(*consenttest.Recorder) http.Handler {
		return func(r *consenttest.Recorder) http.Handler {
			client := watched(r).With(s)
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { _ = client.Enqueue(order("u")) })
		}
	}
	for name, test := range map[string]struct {
		handler func(*consenttest.Recorder) http.Handler
		visitor string
		reached []string
		cure    string
	}{
		"reached, and allowed":     {site, "accepted all", nil, "cure: the policy allows it to this visitor: correct its Config"},
		"reached, and denied":      {kept(consenttest.Grant("analytics")), "rejected all", nil, "cure: where it was sent, bind the client to the visitor's own answer"},
		"reached, and not asked":   {kept(consenttest.Grant("analytics")), "never asked", nil, "if the Default grants it, correct the Default"},
		"not reached, and allowed": {kept(consenttest.Deny("analytics")), "accepted all", []string{"Amplitude"}, "cure: the answer in this visitor's cookies allows it"},
		"not reached, and denied":  {site, "rejected all", []string{"Amplitude"}, "cure: the policy does not allow it to this visitor"},
		"not read":                 {tracker, "accepted all", []string{"Amplitude"}, "cure: the visitor's answer did not arrive"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, failtest.One(t, func(tb testing.TB) {
				consenttest.Run(tb, test.handler, consenttest.Table{
					Visitors: visitorsCalled(test.visitor), Destinations: []string{"Amplitude"},
					Reached: map[string][]string{test.visitor: test.reached},
				})
			}), test.cure)
		})
	}
}
