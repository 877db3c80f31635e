package main

import (
	"maps"
	"net/http"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
)

// with returns the policy of a Config that has a bug.
func with(change func(*destinations.Config)) *destinations.Policy {
	c := config
	c.Categories = maps.Clone(config.Categories)
	change(&c)
	return destinations.MustCompile(c)
}

// tableWith is like table, for a backend with another policy.
func tableWith(tb testing.TB, p consent.Policy) {
	consenttest.Run(tb, func(r *consenttest.Recorder) http.Handler {
		return newBackend(consent.New(r, p, nil)).site()
	}, expected)
}

// Bugs of the policy, of clients, and of tests.
var bugsOfPolicies = []bug{
	{"OptOut is set where the law is opt-in", "Run", func(tb testing.TB) {
		tableWith(tb, with(func(c *destinations.Config) { c.OptOut = true }))
	}},
	{"a destination of advertising is filed under analytics", "Run", func(tb testing.TB) {
		tableWith(tb, with(func(c *destinations.Config) {
			c.Categories["analytics"] = []string{"Amplitude", "Mixpanel (Actions)", "Facebook Conversions API (Actions)"}
			c.Categories["advertising"] = []string{"Google Ads"}
		}))
	}},
	{"a destination is called strictly necessary that is not", "Run", func(tb testing.TB) {
		tableWith(tb, with(func(c *destinations.Config) {
			c.Always = []string{"Webhooks", "Amplitude"}
			c.Categories["analytics"] = []string{"Mixpanel (Actions)"}
		}))
	}},
	{"ServerOnly lists what the browser does offer", "Run", func(tb testing.TB) {
		tableWith(tb, with(func(c *destinations.Config) { c.ServerOnly = []string{"Amplitude"} }))
	}},
	{"Imply takes silence about a destination for its category", "Run", func(tb testing.TB) {
		tableWith(tb, with(func(c *destinations.Config) { c.Imply = true }))
	}},
	{"the backend has another policy than the one that was reviewed", "RequireHonoured", func(tb testing.TB) {
		var recorder consenttest.Recorder
		visit(newBackend(consent.New(&recorder, with(func(c *destinations.Config) { c.OptOut = true }), nil)).site())
		consenttest.RequireHonoured(tb, &recorder, policy, answers)
	}},
	{"a name of the policy is misspelt", "RequireListed", func(tb testing.TB) {
		consenttest.RequireListed(tb, with(func(c *destinations.Config) {
			c.Categories["analytics"] = []string{"Amplitud", "Mixpanel (Actions)"}
		}), []string{"Amplitude", "Mixpanel (Actions)"})
	}},
	{"the policy lacks the other name of a destination", "RequireListed", func(tb testing.TB) {
		consenttest.RequireListed(tb, with(func(c *destinations.Config) {
			c.Categories["analytics"] = []string{"Amplitude", "Mixpanel"} // without Aliases
		}), []string{"Amplitude", "Mixpanel (Actions)"})
	}},
	{"a destination was added to the workspace alone", "RequireListed", func(tb testing.TB) {
		consenttest.RequireListed(tb, policy, []string{"Amplitude", "Hotjar"})
	}},
	{"a destination was added under AllowUnlisted", "RequireListed", func(tb testing.TB) {
		consenttest.RequireListed(tb, with(func(c *destinations.Config) { c.AllowUnlisted = true }), []string{"Amplitude", "Hotjar"})
	}},
	{"a bucket was added, which nothing can stop", "RequireListed", func(tb testing.TB) {
		consenttest.RequireListed(tb, policy, []string{"Amplitude", "Amazon S3"})
	}},
	{"a warehouse was added, and stays empty", "RequireListed", func(tb testing.TB) {
		consenttest.RequireListed(tb, policy, []string{"Amplitude", "Snowflake"})
	}},
	{"a golden table is written anew with a leak in it", "Run with Golden", func(tb testing.TB) {
		tb.Setenv("CONSENTTEST_UPDATE", "1")
		blessed := expected
		blessed.Reached, blessed.Golden = nil, tb.TempDir()+"/orders.golden"
		consenttest.Run(tb, func(r *consenttest.Recorder) http.Handler {
			b := recorded(r)
			return read(handle(func(r *http.Request) {
				_ = b.client.With(consent.All(consent.Granted)).Enqueue(ordered(r)) // the bug
			}))
		}, blessed)
	}},
	{"a golden table is written anew without the middleware", "Run with Golden", func(tb testing.TB) {
		tb.Setenv("CONSENTTEST_UPDATE", "1")
		blessed := expected
		blessed.Reached, blessed.Golden = nil, tb.TempDir()+"/orders.golden"
		blessed.Visitors = []consenttest.Visitor{called("accepted all")}
		consenttest.Run(tb, func(r *consenttest.Recorder) http.Handler { return recorded(r).routes() }, blessed)
	}},
	{"a test asks for a name that nobody has", "RequireNotReached", func(tb testing.TB) {
		var recorder consenttest.Recorder
		visit(recorded(&recorder).site())
		recorder.RequireNotReached(tb, "Facebook Conversion API (Actions)") // the bug
	}},
	{"a test looks at a user who does not exist", "RequireNotReached", func(tb testing.TB) {
		var recorder consenttest.Recorder
		visit(recorded(&recorder).site())
		recorder.Where(consenttest.Filter{User: "nobody"}).RequireNotReached(tb, "Amplitude") // the bug
	}},
	{"a second client sends to Segment without consent", "Guard", func(tb testing.TB) {
		segment := segmenttest.New(tb, workspace)
		consenttest.Guard(tb)
		sendRaw(tb, segment, analytics.Config{}, analytics.Track{UserId: "no", Event: "Order Refunded"})
	}},
	{"a second client has a transport of its own", "RequireHonoured, from segmenttest", func(tb testing.TB) {
		segment := segmenttest.New(tb, workspace)
		sendRaw(tb, segment, analytics.Config{Transport: &http.Transport{DisableKeepAlives: true}},
			analytics.Track{UserId: "no", Event: "Order Refunded"})
		consenttest.RequireHonoured(tb, segment, policy, answers)
	}},
	{"a DefaultContext says that everybody consented", "RequireHonoured, from segmenttest", func(tb testing.TB) {
		segment := segmenttest.New(tb, workspace)
		sendRaw(tb, segment, analytics.Config{DefaultContext: &analytics.Context{Extra: map[string]any{ // the bug
			"consent": map[string]any{"categoryPreferences": map[string]bool{"analytics": true, "advertising": true}},
		}}}, analytics.Track{UserId: "no", Event: "Order Refunded"})
		consenttest.RequireHonoured(tb, segment, policy, answers)
	}},
	{"a DefaultContext carries destinations", "RequireHonoured, from segmenttest", func(tb testing.TB) {
		segment := segmenttest.New(tb, workspace)
		c := segment.Config()
		c.DefaultContext = &analytics.Context{Extra: map[string]any{"providers": map[string]bool{"Amplitude": true}}} // the bug
		raw, err := analytics.NewWithConfig(segment.WriteKey(), c)
		if err != nil {
			tb.Fatalf("%v", err)
		}
		visit(newBackend(consent.New(raw, policy, nil)).site()) // NewSegment refuses it
		raw.Close()
		consenttest.RequireHonoured(tb, segment, policy, answers)
	}},
	{"a wrapper opens all integrations after the decision", "RequireHonoured", func(tb testing.TB) {
		behind(tb, func(m analytics.Track) analytics.Track {
			m.Integrations = analytics.NewIntegrations().EnableAll() // the bug
			return m
		})
	}},
	{"a wrapper replaces the context, and the consent with it", "RequireHonoured", func(tb testing.TB) {
		behind(tb, func(m analytics.Track) analytics.Track {
			m.Context = &analytics.Context{Locale: "de"} // the bug
			return m
		})
	}},
	{"a wrapper writes a consent of its own into Extra", "RequireHonoured", func(tb testing.TB) {
		behind(tb, func(m analytics.Track) analytics.Track {
			m.Context = &analytics.Context{Extra: map[string]any{ // the bug
				"consent": map[string]any{"categoryPreferences": map[string]bool{"analytics": true, "advertising": true}},
			}}
			return m
		})
	}},
}

// sendRaw sends a message with a client that knows nothing of consent.
func sendRaw(tb testing.TB, segment *segmenttest.Segment, c analytics.Config, m analytics.Message) {
	c.Endpoint = segment.URL()
	raw, err := analytics.NewWithConfig(segment.WriteKey(), c)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	_ = raw.Enqueue(m)
	raw.Close()
}

// A changer is a client that changes every order on its way to the recorder.
type changer struct {
	*consenttest.Recorder
	change func(analytics.Track) analytics.Track
}

func (c changer) Enqueue(m analytics.Message) error {
	switch track := m.(type) {
	case analytics.Track:
		return c.Recorder.Enqueue(c.change(track))
	case *analytics.Track:
		return c.Recorder.Enqueue(c.change(*track))
	}
	return c.Recorder.Enqueue(m)
}

// behind puts a wrapper with a bug between the consent.Client and the recorder.
func behind(tb testing.TB, change func(analytics.Track) analytics.Track) {
	var recorder consenttest.Recorder
	visit(newBackend(consent.New(changer{&recorder, change}, policy, nil)).site())
	consenttest.RequireHonoured(tb, &recorder, policy, answers)
}
