package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
)

// Three bugs, and the test that finds each. These tests pass when the test inside
// fails, with a message that names the cure; in a program it would be given t.

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

	// The test may have the wrong name, too.
	requireFailure(t, func(tb testing.TB) { segment.RequireInbox(tb, "Mixpanel", 0) },
		`the workspace has no destination "Mixpanel"`)
	requireFailure(t, func(tb testing.TB) {
		var recorder consenttest.Recorder
		recorded(&recorder).track(answered, analytics.Track{UserId: "u-1", Event: "Order Completed"})
		recorder.RequireReached(tb, "Mixpanel", 1)
	},
		`"Mixpanel" has no verdict; names are exact, and those decided about are: Amplitude, `)
}

// requireFailure runs a test that has to fail, and say all of this.
func requireFailure(t *testing.T, test func(testing.TB), says ...string) {
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
