package conformance_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/internal/failtest"
)

// updating is plain, with updates of preferences.
type updating struct {
	plain
	update func(consent.Decision, consent.State) consent.Route
}

func (u updating) RouteUpdate(d consent.Decision, s consent.State) consent.Route {
	return u.update(d, s)
}

func TestUpdaters(t *testing.T) {
	const rule = "an update of preferences says"
	var calls atomic.Int64
	for name, c := range map[string]struct {
		update func(consent.Decision, consent.State) consent.Route
		want   string
	}{
		"well": {func(d consent.Decision, _ consent.State) consent.Route {
			answer := make(map[string]bool)
			for name, ok := range d.Categories() {
				answer[name] = ok
			}
			return consent.Route{Context: map[string]any{"answer": answer}}
		}, ""},
		"not wanted": {func(consent.Decision, consent.State) consent.Route {
			return consent.Route{Suppressed: consent.SuppressedUpdate}
		}, ""},
		"says nothing": {func(consent.Decision, consent.State) consent.Route { return consent.Route{} }, "are told alike"},
		"tells of grants alone": {func(_ consent.Decision, s consent.State) consent.Route {
			if s.Category("ads") == consent.Denied {
				return consent.Route{Suppressed: consent.SuppressedNothingAllowed}
			}
			return consent.Route{Context: map[string]any{"answer": s}}
		}, "it is suppressed for"},
		"no JSON": {func(consent.Decision, consent.State) consent.Route {
			return consent.Route{Context: map[string]any{"answer": make(chan int)}}
		}, "it is suppressed for"},
		"panics": {func(consent.Decision, consent.State) consent.Route { panic("no") }, rule},
		"answers differently": {func(consent.Decision, consent.State) consent.Route {
			return consent.Route{Context: map[string]any{"n": calls.Add(1)}}
		}, "the second time"},
	} {
		failed := strings.Join(failtest.All(t, func(t testing.TB) {
			conformance.TestRouter(t, func() updating { return updating{update: c.update} }, conformance.RouterExamples{
				Destinations: []string{"Amplitude", "Facebook Pixel"}, Open: openByIntegrations,
			})
		}), "\n")
		if c.want == "" {
			require.Empty(t, failed, name)
			continue
		}
		require.Contains(t, failed, rule, name)
		require.Contains(t, failed, c.want, name)
	}
}
