package consenttest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/failtest"
	"github.com/go-consent/segment/middleware"
)

var asked = consenttest.Site{Categories: map[string][]string{
	"analytics":   {"Amplitude", "Mixpanel"},
	"advertising": {"Facebook Pixel"},
}}

var columns = []string{"Amplitude", "Facebook Pixel"}

// tracker is the handler of an application: it tracks every request.
func tracker(recorder *consenttest.Recorder) http.Handler {
	client := watched(recorder)
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = client.For(r.Context()).Enqueue(analytics.Track{UserId: "u", Event: r.Method + " " + r.URL.Path})
	})
}

func site(recorder *consenttest.Recorder) http.Handler {
	return middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})(tracker(recorder))
}

// visitorsCalled returns the visitors of those names.
func visitorsCalled(names ...string) (some []consenttest.Visitor) {
	for _, v := range asked.Visitors() {
		for _, name := range names {
			if v.Name == name {
				some = append(some, v)
			}
		}
	}
	return some
}

func TestRunComparesWithReached(t *testing.T) {
	visitors := visitorsCalled("never asked", "accepted all", "accepted only analytics", "withdrew", "malformed: not JSON")
	want := map[string][]string{
		"never asked":             nil,
		"accepted all":            {"Amplitude", "Facebook Pixel"},
		"accepted only analytics": {"Amplitude"},
		"withdrew":                nil,
		"malformed: not JSON":     nil,
	}
	consenttest.Run(t, site, consenttest.Table{Visitors: visitors, Reached: want})

	require.Equal(t, []string{
		`consenttest: withdrew: 0 events reached Amplitude, want at least one
	no event was sent
decided:
	1. track "GET /" by u: suppressed, no destination may see it; Amplitude: denied, the visitor denied it by name (Amplitude)`,
		`consenttest: Reached has no entry for the visitor "malformed: not JSON"`,
		`consenttest: Reached has an entry for "nobody", who is no visitor of the table`,
		`consenttest: Reached of "nobody" names Hotjar, which is not among Destinations`,
	}, allFacts(t, func(tb testing.TB) {
		consenttest.Run(tb, site, consenttest.Table{Visitors: visitors, Destinations: columns, Reached: map[string][]string{
			"never asked":             nil,
			"accepted all":            {"Amplitude", "Facebook Pixel"},
			"accepted only analytics": {"Amplitude"},
			"withdrew":                {"Amplitude"},
			"nobody":                  {"Hotjar"},
		}})
	}))
}

func allFacts(t *testing.T, test func(testing.TB)) (all []string) {
	for _, failure := range failtest.All(t, test) {
		all = append(all, facts(failure))
	}
	return all
}

func TestRunFindsWhatShouldNotHaveArrived(t *testing.T) {
	require.Equal(t, `consenttest: accepted all: 1 events reached Amplitude, want none
	1. track "GET /" by u: reached, "Amplitude": true
decided:
	1. track "GET /" by u: Amplitude: allowed, the visitor granted every category of it (analytics)`,
		facts(failtest.One(t, func(tb testing.TB) {
			consenttest.Run(tb, site, consenttest.Table{
				Visitors: visitorsCalled("accepted all"), Destinations: []string{"Amplitude"},
				Reached: map[string][]string{"accepted all": nil},
			})
		})))
}

func TestRunTellsOfAForgottenMiddleware(t *testing.T) {
	visitors := visitorsCalled("accepted all", "malformed: not JSON")
	reached := map[string][]string{"accepted all": {"Amplitude"}, "malformed: not JSON": nil}
	require.Contains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.Run(tb, tracker, consenttest.Table{Visitors: visitors, Reached: reached})
	}), "the handler has to be behind middleware.New")
	// A cookie that a Source cannot read is not reported as a missing middleware.
	require.NotContains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.Run(tb, site, consenttest.Table{Visitors: visitors, Reached: map[string][]string{
			"accepted all": {"Amplitude"}, "malformed: not JSON": {"Amplitude"},
		}})
	}), "middleware.New")
	golden := filepath.Join(t.TempDir(), "golden")
	t.Setenv("CONSENTTEST_UPDATE", "1")
	consenttest.Run(t, site, consenttest.Table{Visitors: visitors, Destinations: columns, Golden: golden})
	t.Setenv("CONSENTTEST_UPDATE", "")
	require.Contains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.Run(tb, tracker, consenttest.Table{Visitors: visitors, Destinations: columns, Golden: golden})
	}), "the handler has to be behind middleware.New")
}

func TestRunComparesWithTheGoldenFile(t *testing.T) {
	table := consenttest.Table{Visitors: asked.Visitors(), Destinations: columns, Golden: "testdata/run.golden"}
	consenttest.Run(t, site, table)

	table.Golden = filepath.Join(t.TempDir(), "new", "run.golden")
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.Run(tb, site, table) }),
		"if the new table is right, write it with CONSENTTEST_UPDATE=1 go test")

	t.Setenv("CONSENTTEST_UPDATE", "1")
	consenttest.Run(t, site, table)
	t.Setenv("CONSENTTEST_UPDATE", "")
	consenttest.Run(t, site, table)
	written, err := os.ReadFile(table.Golden)
	require.NoError(t, err)
	kept, err := os.ReadFile("testdata/run.golden")
	require.NoError(t, err)
	require.Equal(t, string(kept), string(written))

	// A table with one field changed, and the line ends of another system.
	changed := strings.Replace(string(written), "accepted only advertising                       -               1",
		"accepted only advertising                       1               1", 1)
	require.NotEqual(t, string(written), changed)
	require.NoError(t, os.WriteFile(table.Golden, []byte(strings.ReplaceAll(changed, "\n", "\r\n")), 0o600))
	require.Equal(t, "consenttest: the table is not that of "+table.Golden+` (+ is now, - was)
+ accepted only advertising                       -               1
- accepted only advertising                       1               1
if the new table is right, write it with CONSENTTEST_UPDATE=1 go test`,
		failtest.One(t, func(tb testing.TB) { consenttest.Run(tb, site, table) }))
}

func TestRunSendsTheRequestThatItIsGiven(t *testing.T) {
	consenttest.Run(t, func(r *consenttest.Recorder) http.Handler {
		h := site(r)
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			h.ServeHTTP(w, q)
			require.Len(t, r.Where(consenttest.Filter{Event: "POST /order"}).Events(), 1)
		})
	}, consenttest.Table{
		Visitors: visitorsCalled("accepted all"),
		Reached:  map[string][]string{"accepted all": {"Amplitude"}},
		Request:  func(v consenttest.Visitor) *http.Request { return v.Request("POST", "/order", nil) },
	})
}

func TestRunServesTheZeroSite(t *testing.T) {
	reached := map[string][]string{}
	for _, v := range (consenttest.Site{}).Visitors() {
		reached[v.Name] = nil // its categories are not those of the policy
	}
	consenttest.Run(t, site, consenttest.Table{Destinations: []string{"Amplitude"}, Reached: reached})
}

// Bugs that Run finds because one handler serves all visitors: an answer is kept.
func TestRunFindsAnAnswerThatIsKept(t *testing.T) {
	first := func(next http.Handler) http.Handler {
		var once sync.Once
		var kept consent.State
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			once.Do(func() { kept = consent.FromContext(r.Context()) }) // the bug
			next.ServeHTTP(w, r.WithContext(consent.NewContext(r.Context(), kept)))
		})
	}
	grants := func(next http.Handler) http.Handler {
		var kept consent.State
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s := consent.FromContext(r.Context()); s.Category("analytics") == consent.Granted {
				kept = s // the bug
			}
			next.ServeHTTP(w, r.WithContext(consent.NewContext(r.Context(), kept)))
		})
	}
	for name, test := range map[string]struct {
		bug     func(http.Handler) http.Handler
		failure string
	}{
		"the first": {first, "consenttest: accepted all: 0 events reached Amplitude, want at least one"},
		"a grant":   {grants, "consenttest: rejected all: 1 events reached Amplitude, want none"},
	} {
		t.Run(name, func(t *testing.T) {
			read := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})
			require.Contains(t, failtest.One(t, func(tb testing.TB) {
				consenttest.Run(tb, func(r *consenttest.Recorder) http.Handler { return read(test.bug(tracker(r))) }, consenttest.Table{
					Visitors: visitorsCalled("never asked", "accepted all", "rejected all"), Destinations: []string{"Amplitude"},
					Reached: map[string][]string{"never asked": nil, "accepted all": {"Amplitude"}, "rejected all": nil},
				})
			}), test.failure)
		})
	}
}

// A table that expects nothing would pass for a handler that tracks nothing, and for names
// that do not exist.
func TestRunRefusesATableThatProvesNothing(t *testing.T) {
	golden := filepath.Join(t.TempDir(), "golden")
	t.Setenv("CONSENTTEST_UPDATE", "1")
	silent := func(*consenttest.Recorder) http.Handler { return http.NotFoundHandler() }
	table := consenttest.Table{Destinations: columns, Golden: golden}
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.Run(tb, silent, table) }),
		"consenttest: no message of any visitor was tracked, which proves nothing")
	table.Destinations = []string{"Amplitude", "Facebook pixel"}
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.Run(tb, site, table) }),
		`"Facebook pixel" is no destination that the policy knows`)
	require.NoFileExists(t, golden)

	table.Destinations = []string{"Amplitude", "Hotjar"} // of the workspace, and not of the policy
	consenttest.Run(t, func(r *consenttest.Recorder) http.Handler {
		r.Destinations = []string{"Hotjar"}
		return site(r)
	}, table)
}

func TestRunRefusesATableWithoutExpectations(t *testing.T) {
	for want, table := range map[string]consenttest.Table{
		"consenttest: the Table needs either Reached or Golden":         {Destinations: columns},
		"consenttest: the Table names no destination to look at":        {Golden: "g"},
		"consenttest: the Table needs either Reached or Golden ":        {Golden: "g", Reached: map[string][]string{"a": {"b"}}},
		"consenttest: the Table names no destination to look at (none)": {Reached: map[string][]string{"a": nil}},
	} {
		got := failtest.One(t, func(tb testing.TB) { consenttest.Run(tb, site, table) })
		require.True(t, strings.HasPrefix(want, got), got)
	}
}
