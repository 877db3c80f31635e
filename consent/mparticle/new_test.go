package mparticle_test

import (
	"net/http"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/mparticle"
	"github.com/go-consent/segment/destinations"
)

func TestNewRefusesWhatIsWrong(t *testing.T) {
	good := mparticle.Config{Pod: mparticle.US1, Key: "k", Secret: "s"}
	change := func(f func(*mparticle.Config)) mparticle.Config {
		c := good
		f(&c)
		return c
	}
	outputs := func(o ...mparticle.Output) mparticle.Router { return mparticle.Router{Outputs: o} }
	for name, c := range map[string]struct {
		config mparticle.Config
		router mparticle.Router
		policy consent.Policy
		o      *consent.Options
	}{
		"no key":                      {change(func(c *mparticle.Config) { c.Key = "" }), ruled, policy, nil},
		"a colon in the key":          {change(func(c *mparticle.Config) { c.Key = "a:b" }), ruled, policy, nil},
		"no secret":                   {change(func(c *mparticle.Config) { c.Secret = "" }), ruled, policy, nil},
		"no pod":                      {change(func(c *mparticle.Config) { c.Pod = "" }), ruled, policy, nil},
		"an unknown pod":              {change(func(c *mparticle.Config) { c.Pod = "us3" }), ruled, policy, nil},
		"a pod and an endpoint":       {change(func(c *mparticle.Config) { c.Endpoint = "https://host" }), ruled, policy, nil},
		"no endpoint":                 {change(func(c *mparticle.Config) { c.Pod, c.Endpoint = "", "host" }), ruled, policy, nil},
		"an endpoint with a slash":    {change(func(c *mparticle.Config) { c.Pod, c.Endpoint = "", "https://host/" }), ruled, policy, nil},
		"an endpoint with a password": {change(func(c *mparticle.Config) { c.Pod, c.Endpoint = "", "https://u:p@host" }), ruled, policy, nil},
		"a login id":                  {change(func(c *mparticle.Config) { c.AnonymousID = "customer_id" }), ruled, policy, nil},
		"a negative interval":         {change(func(c *mparticle.Config) { c.Interval = -1 }), ruled, policy, nil},
		"no policy":                   {good, ruled, nil, nil},
		"a nil pointer":               {good, mparticle.Router{Outputs: ruled.Outputs[:1]}, (*destinations.Policy)(nil), nil},
		"no outputs":                  {good, mparticle.Router{}, policy, nil},
		"an output without a name":    {good, outputs(mparticle.Output{}), policy, nil},
		"an output twice":             {good, outputs(mparticle.Output{Name: "a"}, mparticle.Output{Name: "a"}), policy, nil},
		"a rule on no purpose":        {good, outputs(mparticle.Output{Name: "a", Purpose: "other"}), policy, nil},
		"a rule without a sale":       {good, outputs(mparticle.Output{Name: "a", NoSale: true}), policy, nil},
		"a sale of no category":       {good, mparticle.Router{Outputs: ruled.Outputs, Sale: []string{"Ads"}}, policy, nil},
		"a purpose of no category":    {good, mparticle.Router{Outputs: ruled.Outputs, Sale: ruled.Sale, Purposes: map[string]string{"Ads": "x"}}, policy, nil},
		"a router":                    {good, ruled, policy, &consent.Options{Router: consent.Segment{}}},
		"unenforced":                  {good, ruled, policy, &consent.Options{DangerouslySendUnchanged: func(analytics.Message, consent.Decision, consent.Reason) {}}},
		"a negative limit":            {good, ruled, policy, &consent.Options{MaxPending: -1}},
	} {
		_, err := mparticle.New(c.config, c.router, c.policy, c.o)
		require.ErrorIs(t, err, consent.ErrConfig, name)
	}
}

func TestEachPodHasItsHost(t *testing.T) {
	for pod, url := range map[mparticle.Pod]string{
		mparticle.US1: "https://s2s.us1.mparticle.com/v2/bulkevents",
		mparticle.US2: "https://s2s.us2.mparticle.com/v2/bulkevents",
		mparticle.EU1: "https://s2s.eu1.mparticle.com/v2/bulkevents",
		mparticle.AU1: "https://s2s.au1.mparticle.com/v2/bulkevents",
	} {
		asked := ""
		config := through(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return response(202, ""), nil
		})
		config.Pod = pod
		client := newClient(t, config, nil)
		require.NoError(t, client.With(accept).Enqueue(track("u")))
		require.NoError(t, client.Close())
		require.Equal(t, url, asked)
	}
}
