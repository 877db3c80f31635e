package consent_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
)

// routed is the policy of the tests of routers.
var routed = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude", "Snowplow"}, "ads": {"Facebook Pixel"}},
	Aliases:    map[string][]string{"Facebook Pixel": {"Meta"}},
})

// routerFunc makes a Router of a function.
type routerFunc func(consent.Decision, consent.State, map[string]any) consent.Route

func (f routerFunc) Route(d consent.Decision, s consent.State, own map[string]any) consent.Route {
	return f(d, s, own)
}

// sent sends the message to a Client of the router, and returns what left.
func sent(t *testing.T, r consent.Router, s consent.State, m analytics.Message) (events []consenttest.Event, o consent.Outcome) {
	t.Helper()
	var recorder consenttest.Recorder
	client := consent.New(&recorder, routed, &consent.Options{
		Router: r, OnOutcome: func(_ analytics.Message, told consent.Outcome) { o = told },
	})
	require.NoError(t, client.With(s).Enqueue(m))
	return recorder.Events(), o
}

func TestGateLetsAMessageLeaveOnlyIfAllThatGetItMay(t *testing.T) {
	analyticsOnly := consenttest.Grant("analytics")
	for name, c := range map[string]struct {
		gate       []string
		state      consent.State
		own        analytics.Integrations
		suppressed consent.Reason
	}{
		"the one destination is allowed":      {[]string{"Snowplow"}, analyticsOnly, nil, ""},
		"it is denied":                        {[]string{"Snowplow"}, consenttest.Deny("analytics"), nil, consent.SuppressedNothingAllowed},
		"nobody looked":                       {[]string{"Snowplow"}, consent.State{}, nil, consent.SuppressedNothingAllowed},
		"all are allowed":                     {[]string{"Snowplow", "Amplitude"}, analyticsOnly, nil, ""},
		"one of several is denied":            {[]string{"Snowplow", "Facebook Pixel"}, analyticsOnly, nil, consent.SuppressedUnstoppable},
		"under an alias":                      {[]string{"Snowplow", "Meta"}, analyticsOnly, nil, consent.SuppressedUnstoppable},
		"the policy does not name it":         {[]string{"Snowplow", "Nobody's"}, analyticsOnly, nil, consent.SuppressedUnstoppable},
		"a near-name opens nothing":           {[]string{"snowplow"}, analyticsOnly, nil, consent.SuppressedNothingAllowed},
		"the zero Gate":                       {nil, consent.All(consent.Granted), nil, consent.SuppressedNothingAllowed},
		"the application closes it":           {[]string{"Snowplow"}, analyticsOnly, analytics.Integrations{"snowplow": false}, consent.SuppressedNothingAllowed},
		"and everything":                      {[]string{"Snowplow"}, analyticsOnly, analytics.Integrations{"all": false}, consent.SuppressedNothingAllowed},
		"but for it":                          {[]string{"Snowplow"}, analyticsOnly, analytics.Integrations{"All": false, "Snowplow": true}, ""},
		"and one of several":                  {[]string{"Snowplow", "Amplitude"}, analyticsOnly, analytics.Integrations{"Amplitude": false}, consent.SuppressedUnstoppable},
		"and another":                         {[]string{"Snowplow"}, analyticsOnly, analytics.Integrations{"Amplitude": false}, ""},
		"the application cannot open it":      {[]string{"Snowplow"}, consenttest.Deny("analytics"), analytics.Integrations{"Snowplow": true}, consent.SuppressedNothingAllowed},
		"nor under an alias":                  {[]string{"Meta"}, consenttest.Grant("ads"), analytics.Integrations{"facebook pixel": false}, consent.SuppressedNothingAllowed},
		"All is no destination":               {[]string{"All"}, consent.All(consent.Granted), nil, consent.SuppressedNothingAllowed},
		"denied by name, granted by category": {[]string{"Snowplow"}, analyticsOnly.WithDestinations(map[string]bool{"SNOWPLOW": false}), nil, consent.SuppressedNothingAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			events, outcome := sent(t, consent.Gate{Destinations: c.gate}, c.state, analytics.Track{UserId: "u", Event: "e", Integrations: c.own})
			require.Equal(t, c.suppressed, outcome.Reason)
			if c.suppressed != "" {
				require.Equal(t, consent.Suppressed, outcome.Result)
				require.Empty(t, events)
				return
			}
			require.Len(t, events, 1)
			require.NotContains(t, string(events[0].JSON), "integrations")
			require.NotContains(t, string(events[0].JSON), "consent")
		})
	}
}

// A destination that the policy does not list may still be denied, in any casing.
func TestGateOfWhatThePolicyDoesNotList(t *testing.T) {
	open := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "ads": {"Meta"}}, AllowUnlisted: true,
	})
	granted := consenttest.Grant("analytics", "ads")
	for name, c := range map[string]struct {
		gate   string
		state  consent.State
		leaves bool
	}{
		"nothing denies it":             {"Mixpanel", granted, true},
		"the visitor denied it":         {"Mixpanel", granted.WithDestinations(map[string]bool{"Mixpanel": false}), false},
		"in another casing":             {"Mixpanel", granted.WithDestinations(map[string]bool{"mix panel": false}), false},
		"a near-name of what is denied": {"amplitude", consent.NewState(map[string]bool{"analytics": false, "ads": true}), false},
		"nobody looked":                 {"Mixpanel", consent.State{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var recorder consenttest.Recorder
			client := consent.New(&recorder, open, &consent.Options{Router: consent.Gate{Destinations: []string{c.gate}}})
			for _, own := range []analytics.Integrations{nil, {"Other": true}} {
				require.NoError(t, client.With(c.state).Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: own}))
			}
			if c.leaves {
				require.Len(t, recorder.Events(), 2)
			} else {
				require.Empty(t, recorder.Events())
			}
		})
	}
}

// A faulty custom router must not make a message leave.
func TestRouterThatFailsSuppresses(t *testing.T) {
	allow := func(d consent.Decision, _ consent.State, own map[string]any) consent.Route {
		return consent.Route{Decision: d}
	}
	for name, c := range map[string]struct {
		router routerFunc
		reason consent.Reason
	}{
		"a panic":          {func(consent.Decision, consent.State, map[string]any) consent.Route { panic("secret") }, consent.SuppressedRouter},
		"nothing returned": {func(consent.Decision, consent.State, map[string]any) consent.Route { return consent.Route{} }, consent.SuppressedNothingAllowed},
		"no JSON in the context": {func(d consent.Decision, _ consent.State, _ map[string]any) consent.Route {
			return consent.Route{Decision: d, Context: map[string]any{"x": func() {}}}
		}, consent.SuppressedRouter},
		"no JSON in the integrations": {func(d consent.Decision, _ consent.State, _ map[string]any) consent.Route {
			return consent.Route{Decision: d, Integrations: map[string]any{"x": make(chan int)}}
		}, consent.SuppressedRouter},
		"a panic for the application's integrations": {func(d consent.Decision, s consent.State, own map[string]any) consent.Route {
			if own != nil {
				panic(errors.New("secret"))
			}
			return allow(d, s, own)
		}, consent.SuppressedRouter},
	} {
		t.Run(name, func(t *testing.T) {
			events, outcome := sent(t, c.router, consenttest.Grant("analytics", "ads"),
				analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"Amplitude": true}})
			require.Empty(t, events)
			require.Equal(t, c.reason, outcome.Reason)
		})
	}
}

// The application may reuse its integrations, whatever a router does with them.
func TestRouterDoesNotGetTheApplicationsOwnMap(t *testing.T) {
	back := routerFunc(func(d consent.Decision, _ consent.State, own map[string]any) consent.Route {
		if own != nil {
			own["of"] = "the router"
		}
		return consent.Route{Decision: d, Integrations: own}
	})
	var kept analytics.Message
	client := consent.New(enqueueFunc(func(m analytics.Message) error { kept = m; return nil }), routed, &consent.Options{Router: back})
	own := analytics.Integrations{"Amplitude": false}
	require.NoError(t, client.With(consenttest.Grant("analytics")).Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: own}))
	require.Equal(t, analytics.Integrations{"Amplitude": false}, own)
	own["Amplitude"] = true
	require.Equal(t, analytics.Integrations{"Amplitude": false, "of": "the router"}, kept.(analytics.Track).Integrations)
}

// One policy and one Decision serve two routers, each with what it made itself.
func TestRoutersDoNotGetEachOthersStamp(t *testing.T) {
	var atSegment, gated, other consenttest.Recorder
	s := consenttest.Grant("analytics")
	mark := routerFunc(func(d consent.Decision, _ consent.State, _ map[string]any) consent.Route {
		return consent.Route{Decision: d, Context: map[string]any{"mark": 1}}
	})
	clients := []*consent.Client{
		consent.New(&atSegment, routed, nil).With(s),
		consent.New(&gated, routed, &consent.Options{Router: consent.Gate{Destinations: []string{"Facebook Pixel"}}}).With(s),
		consent.New(&other, routed, &consent.Options{Router: mark}).With(s),
	}
	for range 3 {
		for _, c := range clients {
			require.NoError(t, c.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
		}
	}
	require.Len(t, atSegment.Events(), 3)
	require.Empty(t, gated.Events())
	require.Len(t, other.Events(), 3)
	for i := range 3 {
		require.Contains(t, string(atSegment.Events()[i].JSON), "categoryPreferences")
		require.Contains(t, string(other.Events()[i].JSON), `"mark":1`)
		require.NotContains(t, string(other.Events()[i].JSON), "categoryPreferences")
	}
}

func TestContextOfARouterReplacesTheApplicationsOwn(t *testing.T) {
	r := routerFunc(func(d consent.Decision, _ consent.State, _ map[string]any) consent.Route {
		return consent.Route{Decision: d, Context: map[string]any{"consentManagement": "ours", "legacy": nil}}
	})
	events, _ := sent(t, r, consenttest.Grant("analytics"), analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{
		Extra: map[string]any{"ConsentManagement": "theirs", "consentManagement": "theirs", "Legacy": 1, "kept": 2},
	}})
	require.Len(t, events, 1)
	require.Contains(t, string(events[0].JSON), `"context":{"consentManagement":"ours","kept":2}`)
}

// The messages that tell Segment of an answer are not sent to other services.
func TestUpdateIsForSegmentAlone(t *testing.T) {
	events, outcome := sent(t, consent.Gate{Destinations: []string{"Snowplow"}}, consenttest.Grant("analytics"),
		analytics.Track{UserId: "u", Event: consent.UpdateEvent})
	require.Empty(t, events)
	require.Equal(t, consent.SuppressedUpdate, outcome.Reason)
	events, _ = sent(t, consent.Segment{}, consenttest.Grant("analytics"), analytics.Track{UserId: "u", Event: consent.UpdateEvent})
	require.Len(t, events, 1)
}

// tellingClient tells outcomes, as a client of another service can.
type tellingClient struct {
	consenttest.Recorder
	tell func(analytics.Message, error)
}

func (c *tellingClient) Tells(tell func(analytics.Message, error)) { c.tell = tell }

func TestOutcomesThatTheNextClientTells(t *testing.T) {
	var next tellingClient
	var told []consent.Outcome
	client := consent.New(&next, routed, &consent.Options{OnOutcome: func(_ analytics.Message, o consent.Outcome) { told = append(told, o) }})
	for range 2 {
		require.NoError(t, client.With(consenttest.Grant("analytics")).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	}
	require.EqualValues(t, 2, client.Stats().Pending())
	lost := errors.New("lost")
	next.tell(next.Events()[0].Message, nil)
	next.tell(next.Events()[1].Message, lost)
	require.Equal(t, []consent.Outcome{{Result: consent.Delivered}, {Result: consent.Failed, Err: lost}}, told)
	require.Zero(t, client.Stats().Pending())
	require.EqualValues(t, 1, client.Stats().Failed)
}

// A writingTeller writes to the messages that it is given, which are its own, as a client may.
type writingTeller struct{ tellingClient }

func (c *writingTeller) Enqueue(m analytics.Message) error {
	err := c.Recorder.Enqueue(m)
	track := m.(analytics.Track)
	track.Integrations["Facebook Pixel"] = true
	clear(track.Context.Extra)
	return err
}

// What a client writes into one message must not appear in the next one.
func TestNextClientThatTellsMayWriteToItsMessage(t *testing.T) {
	var next writingTeller
	client := consent.New(&next, routed, nil).With(consenttest.Grant("analytics"))
	for range 2 {
		require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	}
	next.RequireReached(t, "Amplitude", 2)
	next.RequireNotReached(t, "Facebook Pixel")
	for _, e := range next.Events() {
		require.Contains(t, string(e.JSON), "categoryPreferences")
	}
}

// Deliver is told what such a client tells, once for each message, even if two have the same id.
func TestDeliverThroughAClientThatTells(t *testing.T) {
	var next tellingClient
	client := consent.New(&next, routed, nil)
	captured := func(id string) consent.Captured {
		return consent.Captured{
			Message: analytics.Track{UserId: "u", Event: "e", MessageId: id}, At: time.Now(),
			States: []consent.State{consenttest.Grant("analytics")},
		}
	}
	var told []string
	for i, id := range []string{"m1", "m1", "m2"} {
		client.Deliver(captured(id), nil, func(o consent.Outcome) { told = append(told, fmt.Sprint(i, o.Result)) })
	}
	require.Empty(t, told, "nothing is known yet")
	for _, i := range []int{2, 0, 1, 1} {
		next.tell(next.Events()[i].Message, nil)
	}
	require.Equal(t, []string{"2delivered", "0delivered", "1delivered"}, told)

	full := errors.New("full")
	refusing := refusingTeller{err: full}
	client = consent.New(&refusing, routed, nil)
	told = nil
	for range 2 {
		client.Deliver(captured("m"), nil, func(o consent.Outcome) { told = append(told, string(o.Result)) })
		refusing.err = nil
	}
	require.Equal(t, []string{"refused"}, told)
	refusing.tell(captured("m").Message, nil)
	require.Equal(t, []string{"refused", "delivered"}, told)
}

// A refusingTeller refuses messages with its error.
type refusingTeller struct {
	tellingClient
	err error
}

func (c *refusingTeller) Enqueue(analytics.Message) error { return c.err }

type hosts struct{ seen []string }

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.seen = append(h.seen, r.URL.String())
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestCompatibleHostsGetTheBatch(t *testing.T) {
	for _, endpoint := range []string{consent.EndpointCustomerIO, consent.EndpointCustomerIOEU, consent.EndpointHightouch} {
		var h hosts
		_, err := consent.NewSegment("key", analytics.Config{Endpoint: endpoint, Transport: &h}, routed, nil)
		require.ErrorIs(t, err, consent.ErrConfig, "by Segment's rules, denied destinations would be allowed")
		client, err := consent.NewSegment("key", analytics.Config{Endpoint: endpoint, Transport: &h}, routed, &consent.Options{
			Router: consent.Gate{Destinations: []string{"Amplitude"}},
		})
		require.NoError(t, err)
		require.NoError(t, client.With(consenttest.Grant("analytics")).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
		require.NoError(t, client.With(consenttest.Deny("analytics")).Enqueue(analytics.Track{UserId: "u", Event: "e"}))
		require.NoError(t, client.Close())
		require.Equal(t, []string{endpoint + "/v1/batch"}, h.seen)
		require.EqualValues(t, 1, client.Stats().Delivered)
		require.EqualValues(t, 1, client.Stats().Suppressed)
	}
}
