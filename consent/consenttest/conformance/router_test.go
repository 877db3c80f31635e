package conformance_test

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/internal/failtest"
	"github.com/go-consent/segment/internal/segment"
)

// openAtSegment is Segment's documented routing, without categories at the workspace, so
// that the integrations object alone has to close.
func openAtSegment(message []byte, destination string) bool {
	deliveries, err := segment.Workspace{Destinations: []segment.Destination{segment.Named(destination)}}.Route(message)
	return err == nil && deliveries[0].Delivered
}

// plain is a Router for a service that reads an integrations object and has no exceptions.
type plain struct{}

func (plain) Route(d consent.Decision, _ consent.State, own map[string]any) consent.Route {
	d = d.Narrow(own)
	open := d.Unlisted()
	object := map[string]any{"All": open}
	for v := range d.Verdicts() {
		object[v.Destination] = v.Allowed
		open = open || v.Allowed
	}
	if own == nil && !open {
		return consent.Route{Decision: d, Suppressed: consent.SuppressedNothingAllowed}
	}
	return consent.Route{Decision: d, Integrations: object}
}

func openByIntegrations(message []byte, destination string) bool {
	var m struct{ Integrations map[string]any }
	if json.Unmarshal(message, &m) != nil {
		return true
	}
	value, ok := m.Integrations[destination]
	if !ok {
		value = m.Integrations["All"]
	}
	return value != false
}

func openAlways([]byte, string) bool { return true }

func TestRoutersConform(t *testing.T) {
	conformance.TestRouter(t, func() consent.Segment { return consent.Segment{} }, conformance.RouterExamples{
		Destinations: []string{"Amplitude", "Facebook Pixel", "Salesforce", "Amazon S3", "Engage"}, Listed: []string{"Amazon S3", "Engage"},
		Open: openAtSegment,
	})
	conformance.TestRouter(t, func() plain { return plain{} }, conformance.RouterExamples{
		Destinations: []string{"Amplitude", "Facebook Pixel", "Mixpanel"}, Open: openByIntegrations,
	})
	for _, behind := range [][]string{{"Snowplow"}, {"Snowplow", "Customer.io", "Mixpanel"}} {
		conformance.TestRouter(t, func() consent.Gate { return consent.Gate{Destinations: behind} }, conformance.RouterExamples{
			Destinations: behind, Open: openAlways,
		})
	}
}

// faulty is plain with one fault.
type faulty struct {
	fault func(d consent.Decision, own map[string]any, good consent.Route) consent.Route
}

func (f faulty) Route(d consent.Decision, s consent.State, own map[string]any) consent.Route {
	return f.fault(d, own, plain{}.Route(d, s, own))
}

func TestRouterFaultsAreFound(t *testing.T) {
	var calls atomic.Int64
	for name, c := range map[string]struct {
		rule  string
		fault func(d consent.Decision, own map[string]any, good consent.Route) consent.Route
	}{
		"tells nothing to the service": {"nothing that is denied is open", func(_ consent.Decision, _ map[string]any, good consent.Route) consent.Route {
			good.Integrations = nil
			return good
		}},
		"spells All as analytics-go does": {"nothing that is denied is open", func(_ consent.Decision, _ map[string]any, good consent.Route) consent.Route {
			if good.Integrations != nil {
				good.Integrations["all"] = good.Integrations["All"]
				delete(good.Integrations, "All")
			}
			return good
		}},
		"takes the application's integrations": {"nothing that is denied is open", func(_ consent.Decision, own map[string]any, good consent.Route) consent.Route {
			for name, value := range own {
				good.Integrations[name] = value
			}
			return good
		}},
		"tells that all is denied": {"what is told to be denied is closed", func(_ consent.Decision, own map[string]any, good consent.Route) consent.Route {
			good.Decision = consent.NewDecision(nil, nil, false)
			return good
		}},
		"suppresses everything": {"what everybody may see reaches everybody", func(d consent.Decision, _ map[string]any, good consent.Route) consent.Route {
			return consent.Route{Decision: d, Suppressed: "no"}
		}},
		"sends what nobody may see": {"a Decision that allows nothing suppresses", func(d consent.Decision, own map[string]any, good consent.Route) consent.Route {
			return consent.Route{Decision: d, Integrations: map[string]any{"All": false}}
		}},
		"panics": {"it neither panics", func(d consent.Decision, own map[string]any, good consent.Route) consent.Route {
			if len(own) > 3 {
				panic("no")
			}
			return good
		}},
		"writes to the application's": {"it changes nothing", func(d consent.Decision, own map[string]any, good consent.Route) consent.Route {
			if own != nil {
				own["ours"] = true
			}
			return good
		}},
		"answers differently": {"the same question", func(d consent.Decision, own map[string]any, good consent.Route) consent.Route {
			if good.Suppressed == "" {
				good.Context = map[string]any{"n": calls.Add(1)}
			}
			return good
		}},
	} {
		t.Run(name, func(t *testing.T) {
			failed := strings.Join(failtest.All(t, func(t testing.TB) {
				conformance.TestRouter(t, func() faulty { return faulty{c.fault} }, conformance.RouterExamples{
					Destinations: []string{"Amplitude", "Facebook Pixel", "Mixpanel"}, Open: openByIntegrations,
				})
			}), "\n")
			require.Contains(t, failed, c.rule)
		})
	}
	require.Contains(t, failtest.One(t, func(t testing.TB) {
		conformance.TestRouter(t, func() plain { return plain{} }, conformance.RouterExamples{})
	}), "needs a destination")
}
