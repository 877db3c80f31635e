package consent_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// An updater is a Gate whose service is told of answers.
type updater struct {
	consent.Gate
	route func(consent.Decision, consent.State) consent.Route
}

func (u updater) RouteUpdate(d consent.Decision, s consent.State) consent.Route { return u.route(d, s) }

func TestUpdaterIsToldOfAnAnswer(t *testing.T) {
	var asked consent.Decision
	r := updater{route: func(d consent.Decision, s consent.State) consent.Route {
		asked = d
		require.Equal(t, consent.Denied, s.Category("ads"))
		return consent.Route{Context: map[string]any{"answer": "ours", "legacy": nil}, Integrations: map[string]any{"All": false}}
	}}
	s := consenttest.Grant("analytics").Restrict(consenttest.Deny("ads"))
	events, outcome := sent(t, r, s, analytics.Track{
		UserId: "u", Event: consent.UpdateEvent, Properties: analytics.Properties{"own": 1}, Integrations: analytics.Integrations{"All": true},
		Context: &analytics.Context{UserAgent: "own", Extra: map[string]any{"Answer": "own", "other": "own"}},
	})
	require.Equal(t, consent.Accepted, outcome.Result)
	require.Len(t, events, 1)
	require.Contains(t, string(events[0].JSON), `"context":{"answer":"ours"},"integrations":{"All":false}`)
	require.NotContains(t, string(events[0].JSON), "own")
	for v := range asked.Verdicts() {
		require.False(t, v.Allowed)
		require.Equal(t, consent.ReasonUpdateRouted, v.Reason)
	}
	for category, granted := range asked.Categories() {
		require.Equal(t, category == "analytics", granted)
	}
}

func TestUpdatesOfAnUpdaterThatFailsStayHome(t *testing.T) {
	update := analytics.Track{UserId: "u", Event: consent.UpdateEvent}
	for name, c := range map[string]struct {
		route func(consent.Decision, consent.State) consent.Route
		want  consent.Reason
	}{
		"it panics": {func(consent.Decision, consent.State) consent.Route { panic("secret") }, consent.SuppressedRouter},
		"no JSON": {func(consent.Decision, consent.State) consent.Route {
			return consent.Route{Context: map[string]any{"a": make(chan int)}}
		}, consent.SuppressedRouter},
		"it does not want": {func(consent.Decision, consent.State) consent.Route {
			return consent.Route{Suppressed: consent.SuppressedUpdate}
		}, consent.SuppressedUpdate},
	} {
		events, outcome := sent(t, updater{route: c.route}, consenttest.Grant("analytics"), update)
		require.Empty(t, events, name)
		require.Equal(t, c.want, outcome.Reason, name)
	}
	var recorder consenttest.Recorder
	client := consent.New(&recorder, routed, &consent.Options{Router: updater{}})
	require.ErrorIs(t, client.With(consent.NewState(nil)).Enqueue(update), consent.ErrNoPreferences)
	none := consent.New(&recorder, constant{consent.NewDecision(nil, nil, true)}, &consent.Options{Router: updater{}})
	require.ErrorIs(t, none.With(consenttest.Grant("analytics")).Enqueue(update), consent.ErrNoPreferences)
}
