package rudderstack_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/consent/rudderstack"
)

var accept = consenttest.Grant("analytics", "ads", "storage")

func TestSixTypesArriveWithEverythingTheyHave(t *testing.T) {
	plane := serve(t)
	client := newClient(t, plane, rudderstack.Router{}, policy, nil)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	context := &analytics.Context{
		App: analytics.AppInfo{Name: "shop"}, Campaign: analytics.CampaignInfo{Source: "s"}, Device: analytics.DeviceInfo{Id: "d"},
		Location: analytics.LocationInfo{City: "Riga"}, Network: analytics.NetworkInfo{WIFI: true}, OS: analytics.OSInfo{Name: "o"},
		Page: analytics.PageInfo{Path: "/"}, Referrer: analytics.ReferrerInfo{URL: "r"}, Screen: analytics.ScreenInfo{Width: 1},
		IP: []byte{192, 0, 2, 1}, Direct: true, Locale: "lv", Timezone: "z", UserAgent: "ua", GroupID: "g",
		Traits: analytics.Traits{"t": 1}, Extra: map[string]any{"own": "kept"},
	}
	visitor := client.With(accept)
	for _, m := range []analytics.Message{
		analytics.Track{MessageId: "1", AnonymousId: "a", UserId: "u", Event: "e", Timestamp: at, Properties: analytics.Properties{"n": 1.5}, Context: context},
		&analytics.Identify{MessageId: "2", AnonymousId: "a", UserId: "u", Timestamp: at, Traits: analytics.Traits{"n": 1.5}},
		analytics.Page{MessageId: "3", AnonymousId: "a", UserId: "u", Name: "n", Timestamp: at, Properties: analytics.Properties{"n": 1.5}},
		analytics.Screen{MessageId: "4", AnonymousId: "a", UserId: "u", Name: "n", Timestamp: at, Properties: analytics.Properties{"n": 1.5}},
		analytics.Group{MessageId: "5", AnonymousId: "a", UserId: "u", GroupId: "g", Timestamp: at, Traits: analytics.Traits{"n": 1.5}},
		&analytics.Alias{MessageId: "6", UserId: "u", PreviousId: "p", Timestamp: at},
	} {
		require.NoError(t, visitor.Enqueue(m))
	}
	require.NoError(t, client.Close())
	got := make(map[string]map[string]any)
	for _, e := range plane.Arrivals() {
		var m map[string]any
		require.NoError(t, json.Unmarshal(e.JSON, &m))
		got[e.MessageID] = m
		require.Contains(t, m["context"], "consentManagement")
		delete(m, "sentAt")
		require.Equal(t, "2026-01-02T03:04:05Z", m["originalTimestamp"])
		delete(m, "originalTimestamp")
		delete(m, "integrations")
		require.Equal(t, "server", m["channel"])
		delete(m, "channel")
		delete(m, "messageId")
		if e.MessageID != "1" {
			delete(m, "context")
		}
	}
	both := func(type_ string, more map[string]any) map[string]any {
		m := map[string]any{"type": type_, "anonymousId": "a", "userId": "u"}
		for key, value := range more {
			m[key] = value
		}
		return m
	}
	n := map[string]any{"n": 1.5}
	sent := got["1"]["context"].(map[string]any)
	delete(sent, "consentManagement")
	delete(sent, "library")
	require.Equal(t, map[string]any{
		"app": map[string]any{"name": "shop"}, "campaign": map[string]any{"source": "s"}, "device": map[string]any{"id": "d"},
		"location": map[string]any{"city": "Riga"}, "network": map[string]any{"wifi": true}, "os": map[string]any{"name": "o"},
		"page": map[string]any{"path": "/"}, "referrer": map[string]any{"url": "r"}, "screen": map[string]any{"width": 1.0},
		"ip": "192.0.2.1", "direct": true, "locale": "lv", "timezone": "z", "userAgent": "ua", "groupId": "g",
		"traits": map[string]any{"t": 1.0}, "own": "kept",
	}, sent)
	delete(got["1"], "context")
	require.Equal(t, map[string]map[string]any{
		"1": both("track", map[string]any{"event": "e", "properties": n}),
		"2": both("identify", map[string]any{"traits": n}),
		"3": both("page", map[string]any{"name": "n", "properties": n}),
		"4": both("screen", map[string]any{"name": "n", "properties": n}),
		"5": both("group", map[string]any{"groupId": "g", "traits": n}),
		"6": {"type": "alias", "userId": "u", "previousId": "p"},
	}, got)
}

// RudderStack's client writes to the Context that it is given, and reads the maps later.
// The race detector watches here.
func TestNothingOfTheCallerIsTouched(t *testing.T) {
	plane := serve(t)
	client := newClient(t, plane, rudderstack.Router{}, policy, nil)
	context := &analytics.Context{Locale: "lv", Extra: map[string]any{"a": map[string]any{"b": 1}}}
	properties := analytics.Properties{"list": []int{1}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				_ = client.With(accept).Enqueue(analytics.Track{UserId: "u", Event: "e", Context: context, Properties: properties})
			}
		})
	}
	wg.Wait()
	properties["list"].([]int)[0] = 2 // nobody reads it any more
	context.Extra["a"].(map[string]any)["b"] = 2
	require.NoError(t, client.Close())
	require.Equal(t, &analytics.Context{Locale: "lv", Extra: map[string]any{"a": map[string]any{"b": 2}}}, context)
	for _, e := range plane.RequireArrivals(t, 400) {
		require.Contains(t, string(e.JSON), `"list":[1]`)
		require.Contains(t, string(e.JSON), `"a":{"b":1}`)
	}
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("secret") }

func TestEveryMessageHasAnOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		m      analytics.Message
		state  consent.State
		want   consent.Result
		err    string
	}{
		"delivered":           {0, analytics.Track{UserId: "u", Event: "e"}, accept, consent.Delivered, ""},
		"the server refuses":  {500, analytics.Track{UserId: "u", Event: "e"}, accept, consent.Failed, "the server answered 500"},
		"too large":           {0, analytics.Track{UserId: "u", Event: strings.Repeat("x", 40_000)}, accept, consent.Failed, analytics.ErrMessageTooBig.Error()},
		"no JSON":             {0, analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"x": math.NaN()}}, accept, consent.Refused, consent.ErrNoJSON.Error() + ": a float64"},
		"a panic in its JSON": {0, analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"x": panics{}}}, accept, consent.Refused, consent.ErrNoJSON.Error() + ": a rudderstack_test.panics"},
		"no number there":     {0, analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Location: analytics.LocationInfo{Speed: math.NaN()}}}, accept, consent.Failed, "RudderStack's client failed with a *json.MarshalerError"},
		"invalid":             {0, analytics.Track{UserId: "u"}, accept, consent.Refused, analytics.Track{UserId: "u"}.Validate().Error()},
		"suppressed":          {0, analytics.Track{UserId: "u", Event: "e"}, consent.State{}, consent.Suppressed, ""},
		"an alias":            {0, analytics.Alias{UserId: "u", PreviousId: "p"}, consenttest.Grant("analytics"), consent.Suppressed, ""},
		"an update":           {0, analytics.Track{UserId: "u", Event: consent.UpdateEvent}, accept, consent.Suppressed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			plane := serve(t)
			plane.Script(slices.Repeat([]rudderstacktest.Fault{{Status: c.status}}, 10)...)
			var mu sync.Mutex
			var told []consent.Outcome
			client := newClient(t, plane, rudderstack.Router{}, policy, &consent.Options{OnOutcome: func(_ analytics.Message, o consent.Outcome) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, o)
			}})
			err := client.With(c.state).Enqueue(c.m)
			require.Equal(t, c.want == consent.Refused, err != nil)
			require.NoError(t, client.Close())
			require.Len(t, told, 1)
			require.Equal(t, c.want, told[0].Result)
			if c.err == "" {
				require.NoError(t, told[0].Err)
			} else {
				require.EqualError(t, told[0].Err, c.err)
			}
			require.Zero(t, client.Stats().Pending())
			require.ErrorIs(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e"}), analytics.ErrClosed)
		})
	}
}

// The real client meets each fault, and what it sends arrives once.
func TestFaultsAreOutlived(t *testing.T) {
	for name, fault := range map[string]rudderstacktest.Fault{
		"503": {Status: 503}, "429": {Status: 429}, "a broken connection": {Reset: true}, "half the response": {HalfResponse: true},
	} {
		t.Run(name, func(t *testing.T) {
			plane := serve(t)
			plane.Script(fault)
			config := quiet(plane)
			config.BatchSize = 1 // before Close, which gives up what would be tried again
			told := make(chan consent.Result, 1)
			client, err := rudderstack.New(plane.WriteKey(), config, rudderstack.Router{}, policy, &consent.Options{
				OnOutcome: func(_ analytics.Message, o consent.Outcome) { told <- o.Result },
			})
			require.NoError(t, err)
			require.NoError(t, client.With(accept).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
			require.Equal(t, consent.Delivered, <-told)
			require.NoError(t, client.Close())
			plane.RequireInbox(t, "Amplitude", 1)
		})
	}
}

// A refusal by the server, and what could not be sent, are quoted by RudderStack's client.
func TestLogHoldsNothingOfAMessage(t *testing.T) {
	plane := serve(t)
	plane.Script(slices.Repeat([]rudderstacktest.Fault{{Status: 500}}, 20)...)
	var logged bytes.Buffer
	client, err := rudderstack.New(plane.WriteKey(), rudder.Config{
		DataPlaneUrl: plane.URL(), Logger: rudder.StdLogger(log.New(&logged, "", 0)), Verbose: true, RetryAfter: func(int) time.Duration { return 0 },
	}, rudderstack.Router{}, policy, nil)
	require.NoError(t, err)
	for _, event := range []string{"secret", "secret" + strings.Repeat("x", 40_000)} {
		require.NoError(t, client.With(accept).Enqueue(analytics.Track{UserId: "secret", Event: event}))
	}
	require.NoError(t, client.Close())
	require.NotEmpty(t, logged.String())
	require.NotContains(t, logged.String(), "secret")
}

type callback struct {
	mu                sync.Mutex
	succeeded, failed int
}

func (c *callback) Success(rudder.Message) {
	c.mu.Lock()
	c.succeeded++
	c.mu.Unlock()
	panic("in the application")
}
func (c *callback) Failure(rudder.Message, error) {
	c.mu.Lock()
	c.failed++
	c.mu.Unlock()
	panic("in the application")
}

func TestCallbackIsCalledAsBefore(t *testing.T) {
	plane := serve(t)
	var called callback
	client, err := rudderstack.New(plane.WriteKey(), rudder.Config{DataPlaneUrl: plane.URL(), Callback: &called, Logger: rudder.StdLogger(log.New(io.Discard, "", 0))}, rudderstack.Router{}, policy, nil)
	require.NoError(t, err)
	require.NoError(t, client.With(accept).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	require.NoError(t, client.With(accept).Enqueue(analytics.Track{UserId: "u", Event: strings.Repeat("x", 40_000)}))
	require.NoError(t, client.Close())
	require.Equal(t, 1, called.succeeded)
	require.Equal(t, 1, called.failed)
	stats := client.Stats()
	require.EqualValues(t, 1, stats.Delivered)
	require.EqualValues(t, 1, stats.Failed)
}

func TestNewRefusesWhatWouldEnforceNothing(t *testing.T) {
	good := rudder.Config{DataPlaneUrl: "https://plane.example"}
	for name, c := range map[string]struct {
		key    string
		config rudder.Config
		router rudderstack.Router
		policy consent.Policy
		o      *consent.Options
	}{
		"no key":              {"", good, rudderstack.Router{}, policy, nil},
		"no policy":           {"k", good, rudderstack.Router{}, nil, nil},
		"no data plane":       {"k", rudder.Config{}, rudderstack.Router{}, policy, nil},
		"no URL":              {"k", rudder.Config{DataPlaneUrl: "plane.example"}, rudderstack.Router{}, policy, nil},
		"a slash at the end":  {"k", rudder.Config{DataPlaneUrl: "https://plane.example/"}, rudderstack.Router{}, policy, nil},
		"a default context":   {"k", rudder.Config{DataPlaneUrl: good.DataPlaneUrl, DefaultContext: &rudder.Context{}}, rudderstack.Router{}, policy, nil},
		"an unknown provider": {"k", good, rudderstack.Router{Provider: "usercentrics"}, policy, nil},
		"another casing":      {"k", good, rudderstack.Router{Provider: "Custom"}, policy, nil},
		"an empty id":         {"k", good, rudderstack.Router{IDs: map[string]string{"ads": ""}}, policy, nil},
		"a router":            {"k", good, rudderstack.Router{}, policy, &consent.Options{Router: consent.Segment{}}},
		"a negative batch":    {"k", rudder.Config{DataPlaneUrl: good.DataPlaneUrl, BatchSize: -1}, rudderstack.Router{}, policy, nil},
	} {
		_, err := rudderstack.New(c.key, c.config, c.router, c.policy, c.o)
		require.ErrorIs(t, err, consent.ErrConfig, name)
	}
}

// That client drops a batch without a word if the server says that it has no nodes.
func TestAMessageWhoseOutcomeNobodyToldHasFailed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/batch" {
			w.WriteHeader(http.StatusUnavailableForLegalReasons) // ask for the nodes again
			return
		}
		_, _ = io.WriteString(w, `{"nodeCount":0}`)
	}))
	defer server.Close()
	var told []consent.Outcome
	client, err := rudderstack.New("key", rudder.Config{DataPlaneUrl: server.URL}, rudderstack.Router{}, policy, &consent.Options{
		OnOutcome: func(_ analytics.Message, o consent.Outcome) { told = append(told, o) },
	})
	require.NoError(t, err)
	require.NoError(t, client.With(accept).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	require.NoError(t, client.Close())
	require.Len(t, told, 1)
	require.Equal(t, consent.Failed, told[0].Result)
	require.EqualError(t, told[0].Err, "RudderStack's client did not tell what became of the message")
	require.Zero(t, client.Stats().Pending())
}

// During a migration, one policy serves both, and one Enqueue gives the message to both.
func TestSegmentAndRudderStackAtOnce(t *testing.T) {
	plane := serve(t)
	workspace := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude", "Facebook Pixel"}})
	config := workspace.Config()
	config.Logger = analytics.StdLogger(log.New(io.Discard, "", 0))
	toSegment, err := consent.NewSegment(workspace.WriteKey(), config, policy, nil)
	require.NoError(t, err)
	client, err := routers.New(
		routers.Named{Name: "segment", Client: toSegment},
		routers.Named{Name: "rudderstack", Client: newClient(t, plane, rudderstack.Router{}, policy, nil)},
	)
	require.NoError(t, err)
	m := analytics.Track{UserId: "u", AnonymousId: "a", Event: "e"}
	require.NoError(t, client.With(consenttest.Grant("analytics")).Enqueue(m))
	require.NoError(t, client.With(consenttest.Grant("analytics", "storage")).Enqueue(m))
	require.NoError(t, client.Close())

	arrived := workspace.RequireArrivals(t, 1) // Segment cannot stop Amazon S3, so the first is suppressed
	workspace.RequireInbox(t, "Amplitude", 1)
	workspace.RequireInbox(t, "Facebook Pixel", 0)
	plane.RequireInbox(t, "Amplitude", 2) // RudderStack can
	plane.RequireInbox(t, "Amazon S3", 1)
	plane.RequireInbox(t, "Facebook Pixel", 0)
	require.Equal(t, map[string]consent.Stats{
		"segment": {Enqueued: 2, Delivered: 1, Suppressed: 1}, "rudderstack": {Enqueued: 2, Delivered: 2},
	}, client.Stats())

	var sent, same struct {
		MessageID, AnonymousID       string
		Timestamp, OriginalTimestamp time.Time
	}
	require.NoError(t, json.Unmarshal(arrived[0].JSON, &sent))
	require.NoError(t, json.Unmarshal(plane.Arrivals()[1].JSON, &same))
	require.NotEmpty(t, sent.MessageID)
	require.Equal(t, sent.MessageID, same.MessageID)
	require.Equal(t, sent.AnonymousID, same.AnonymousID)
	require.True(t, sent.Timestamp.Equal(same.OriginalTimestamp), "RudderStack's client calls it otherwise")
}
