package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

// A bug is a mistake that somebody might make, put into the backend, and the helper that finds it.
type bug struct {
	what  string
	found string
	test  func(testing.TB) // fails
}

// notFound are mistakes that no test here finds.
const notFound = `
Not found by any of them:
- a page cache of the application's own, keyed by the path, that shows the first visitor's page to all: the responses
  do not differ any more; compare each visitor's page with what it should be
- traits or properties of one user in the message of another: the helpers look at ids
- an event sent by another program, or after the test has ended
- tags on the page that the browser loads by itself
- an answer declared in the test that is not what the visitor answered
Refused by the library itself, so that there is nothing to find: a DefaultContext with consent or destinations
(NewSegment), All:true or a denied destination in the Integrations of a message, a consent object in its Extra.
`

// Each bug is found, with the message in testdata/bugs.golden, which is meant to be read.
// CONSENTTEST_UPDATE=1 go test rewrites it.
func TestPlantedBugsAreFound(t *testing.T) {
	var messages strings.Builder
	number := 0
	for _, bugs := range [][]bug{bugsOfRequests, bugsOfJobs, bugsOfPolicies} {
		for _, b := range bugs {
			number++
			var said []string
			t.Run(b.what, func(t *testing.T) {
				said = requireFailure(t, b.test, "test: ")
			})
			fmt.Fprintf(&messages, "%d. %s\nfound by %s:\n%s\n\n", number, b.what, b.found, shown(said, b))
		}
	}
	got := strings.TrimPrefix(notFound, "\n")
	got = messages.String() + got
	const golden = "testdata/bugs.golden"
	if os.Getenv("CONSENTTEST_UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("the messages are not those of %s any more:\n%s", golden, got)
	}
}

// shown is what the golden file keeps of a failure: the first one, without the parts that change
// with every run or with every edit of this program.
func shown(said []string, b bug) string {
	if len(said) == 0 {
		return ""
	}
	first := said[0]
	for _, volatile := range []struct{ pattern, as string }{
		{`(?:[\w.()*]+ )?\((\w+_test\.go):\d+\)`, "$1"},
		{`\.go:\d+`, ".go:N"},
		{`\S*/(orders\.golden)`, "$1"},
	} {
		first = regexp.MustCompile(volatile.pattern).ReplaceAllString(first, volatile.as)
	}
	switch {
	case b.found == "RunAtOnce": // who meets whom is a matter of chance
		first = regexp.MustCompile(`consenttest: .*: served together`).ReplaceAllString(first, "consenttest: ...: served together")
		first = regexp.MustCompile(`visitor-\d+ with integrations [^;\n]*`).ReplaceAllString(first, "visitor-N with integrations {...}")
	case len(said) > 1:
		first += fmt.Sprintf("\n(and %d more)", len(said)-1)
	}
	return first
}

// handle serves by a function that looks at the request alone.
func handle(f func(*http.Request)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(r) })
}

func serve(h http.Handler, r *http.Request) { h.ServeHTTP(httptest.NewRecorder(), r) }

func ordered(r *http.Request) analytics.Message {
	return analytics.Track{UserId: r.FormValue("user"), Event: "Order Completed"}
}

// visit lets three users order: first the one who agreed.
func visit(site http.Handler) {
	for _, user := range []string{"yes", "no", "silent"} {
		serve(site, orderOf(user))
	}
}

// honoured fails if the backend went beyond the answer of a user.
func honoured(tb testing.TB, did func(*backend)) {
	var recorder consenttest.Recorder
	did(recorded(&recorder))
	consenttest.RequireHonoured(tb, &recorder, policy, answers)
}

// expected is who may see an order, for a few visitors.
var expected = consenttest.Table{
	Visitors: []consenttest.Visitor{
		called("never asked"), called("accepted all"), called("rejected all"), called("accepted only analytics"),
		called("GPC, accepted all"), called("older: no destination saved"),
	},
	Destinations: destinationNames,
	Reached: map[string][]string{
		"never asked":                 {"Webhooks"},
		"accepted all":                destinationNames,
		"rejected all":                {"Webhooks"},
		"accepted only analytics":     {"Webhooks", "Amplitude", "Mixpanel (Actions)"},
		"GPC, accepted all":           {"Webhooks", "Amplitude", "Mixpanel (Actions)"},
		"older: no destination saved": {"Webhooks"},
	},
	Request: func(v consenttest.Visitor) *http.Request { return post(v, "/orders", "user=u-1") },
}

// table fails if a handler lets visitors reach anything else.
func table(tb testing.TB, site func(*backend) http.Handler) {
	consenttest.Run(tb, func(r *consenttest.Recorder) http.Handler { return site(recorded(r)) }, expected)
}

// Without a bug they all pass, so what they find is the bug.
func TestWithoutABugNothingIsFound(t *testing.T) {
	table(t, (*backend).site)
	honoured(t, func(b *backend) { visit(b.site()) })
	shared(t, middleware.Private)
	behind(t, func(m analytics.Track) analytics.Track { return m })
	tableWith(t, with(func(*destinations.Config) {}))
}

// Three bugs in detail. Each of these tests passes if the test inside fails with a message that
// names the cure. In a real program, that inner test would be given t.

// The bug: a colleague needed analytics in one more place, and made a client there. It
// has the same write key and no consent, so that its events go to every destination.
func TestGuardFindsTheRawClient(t *testing.T) {
	segment := segmenttest.New(t, workspace)
	requireFailure(t, func(tb testing.TB) {
		consenttest.Guard(tb)
		raw, err := analytics.NewWithConfig(segment.WriteKey(), segment.Config())
		if err != nil {
			tb.Fatalf("%v", err)
		}
		refund := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			_ = raw.Enqueue(analytics.Track{UserId: "u-1", Event: "Order Refunded"}) // the bug
		})
		refund.ServeHTTP(httptest.NewRecorder(), post(called("rejected all"), "/refunds", ""))
		raw.Close()
	},
		`track "Order Refunded" by u-1 left for 127.0.0.1 around the consent.Client`,
		"send it with client.For(ctx).Enqueue, and give no other client this write key",
	)
}

// The bug: the routes are served without the middleware. Nobody reads the cookie, and
// every visitor counts as one who denied everything; the dashboards are empty.
func TestRunFindsTheForgottenMiddleware(t *testing.T) {
	requireFailure(t, func(tb testing.TB) {
		consenttest.Run(tb, func(r *consenttest.Recorder) http.Handler {
			return recorded(r).routes() // the bug: site() has the middleware
		}, consenttest.Table{
			Visitors: []consenttest.Visitor{called("accepted all")},
			Reached:  map[string][]string{"accepted all": {"Amplitude", "Webhooks"}},
			Request:  func(v consenttest.Visitor) *http.Request { return post(v, "/orders", "user=u-1") },
		})
	},
		"accepted all: 0 events reached Amplitude, want at least one",
		"Amplitude: denied, no answer was read, or it denies everything",
		"the handler has to be behind middleware.New",
	)
}

// The bug: the policy says Mixpanel, and the workspace has Mixpanel (Actions). All that
// the policy does not know by its exact name is closed, so nothing arrives there.
func TestSegmentFindsTheWrongName(t *testing.T) {
	wrong := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics":   {"Amplitude", "Mixpanel"}, // the bug
		"advertising": {"Facebook Conversions API (Actions)"},
	}})
	segment := segmenttest.New(t, workspace)
	client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), wrong, nil)
	if err != nil {
		t.Fatal(err)
	}
	answered := consenttest.Context(t, consenttest.Grant("analytics", "advertising"))
	newBackend(client).track(answered, analytics.Track{UserId: "u-1", Event: "Order Completed"})
	client.Close()

	requireFailure(t, func(tb testing.TB) { segment.RequireInbox(tb, "Mixpanel (Actions)", 1) },
		"0 events were delivered to Mixpanel (Actions), want 1",
		"filtered by the integrations object",
	)
	requireFailure(t, func(tb testing.TB) { segment.RequireKnownNames(tb) },
		"to be corrected in the Config of the policy",
		`"Mixpanel" in the integrations object is no destination of the workspace, which has: Amplitude, Mixpanel (Actions)`,
	)

	// The test itself may use a wrong name, too.
	requireFailure(t, func(tb testing.TB) { segment.RequireInbox(tb, "Mixpanel", 0) },
		`the workspace has no destination "Mixpanel"`)
	requireFailure(t, func(tb testing.TB) {
		var recorder consenttest.Recorder
		recorded(&recorder).track(answered, analytics.Track{UserId: "u-1", Event: "Order Completed"})
		recorder.RequireReached(tb, "Mixpanel", 1)
	},
		`"Mixpanel" has no verdict; names are exact, and those decided about are: Amplitude, `)
}

// requireFailure runs a test that has to fail with all of these texts, and returns its failures.
func requireFailure(t *testing.T, test func(testing.TB), says ...string) []string {
	t.Helper()
	f := &failing{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			for _, cleanup := range f.cleanups {
				cleanup()
			}
		}()
		test(f)
	}()
	<-ended
	said := strings.Join(f.failures, "\n")
	t.Logf("the test fails:\n%s", said)
	for _, part := range says {
		if !strings.Contains(said, part) {
			t.Errorf("the failure does not say: %s", part)
		}
	}
	return f.failures
}

// A failing test keeps its failures to itself.
type failing struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (f *failing) Helper() {}

func (f *failing) Cleanup(cleanup func()) { f.cleanups = append(f.cleanups, cleanup) }

func (f *failing) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}
