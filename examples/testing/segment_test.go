package main

import (
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// workspace is what is set up at Segment. Its names have to be those of the policy; these tests
// find out if they are not.
var workspace = segmenttest.Workspace{
	Destinations: []string{"Amplitude", "Mixpanel (Actions)", "Facebook Conversions API (Actions)", "Webhooks", "Snowflake"},
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Mixpanel (Actions)"},
		"advertising": {"Facebook Conversions API (Actions)"},
	},
}

// connected returns a backend with the client of production, connected to the fake
// Segment. The client has to be closed before looking at what arrived.
func connected(t *testing.T, segment *segmenttest.Segment, o *consent.Options) *backend {
	t.Helper()
	c := segment.Config()
	c.Logger = analytics.StdLogger(log.New(io.Discard, "", 0)) // the faults are ours
	client, err := consent.NewSegment(segment.WriteKey(), c, policy, o)
	if err != nil {
		t.Fatal(err)
	}
	return newBackend(client)
}

// Snowflake is meant to get nothing. Everything else that the workspace has is in the policy.
func TestThePolicyKnowsTheWorkspace(t *testing.T) {
	meant := slices.DeleteFunc(slices.Clone(workspace.Destinations), func(name string) bool { return name == "Snowflake" })
	consenttest.RequireListed(t, policy, meant)
}

func TestOrdersArriveAtSegment(t *testing.T) {
	consenttest.Guard(t)
	segment := segmenttest.New(t, workspace)
	b := connected(t, segment, nil)
	for _, name := range []string{"accepted all", "accepted only analytics", "rejected all", "never asked"} {
		b.site().ServeHTTP(httptest.NewRecorder(), post(called(name), "/orders", "user=u-1"))
	}
	if err := b.client.Close(); err != nil {
		t.Fatal(err)
	}
	segment.RequireInbox(t, "Amplitude", 2)
	segment.RequireInbox(t, "Facebook Conversions API (Actions)", 1)
	segment.RequireInbox(t, "Webhooks", 4)
	segment.RequireInbox(t, "Snowflake", 0) // not in the policy, so closed
	segment.RequireKnownNames(t)
}

// Orders are taken while Segment is in trouble, and their events arrive afterwards,
// once each.
func TestOrdersAreTakenWhileSegmentIsInTrouble(t *testing.T) {
	segment := segmenttest.New(t, workspace)
	repaired := make(chan struct{})
	segment.Script(
		segmenttest.Fault{Until: repaired, Status: 503},
		segmenttest.Fault{Status: 429, RetryAfter: time.Second},
		segmenttest.Fault{Reset: true},
		segmenttest.Fault{HalfResponse: true},
	)
	b := connected(t, segment, nil)
	for range 3 {
		w := httptest.NewRecorder()
		b.site().ServeHTTP(w, post(called("accepted all"), "/orders", "user=u-1"))
		if w.Code != 200 {
			t.Errorf("an order was refused with status %d", w.Code)
		}
	}
	close(repaired)
	if err := b.client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.client.Close(); err != nil {
		t.Fatal(err)
	}
	segment.RequireInbox(t, "Amplitude", 3)
	if stats := b.client.Stats(); stats.Delivered != 3 || stats.Pending() != 0 {
		t.Errorf("%+v", stats)
	}
}
