package rudderstack_test

import (
	"encoding/json"
	"io"
	"log"
	"testing"
	"time"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/consent/rudderstack"
)

// serve starts a RudderStack whose destinations have nothing set up there.
func serve(t testing.TB) *rudderstacktest.DataPlane {
	var source rudderstacktest.Source
	for _, name := range []string{"Amplitude", "Google Analytics 4 (GA4)", "Facebook Pixel", "Amazon S3"} {
		source.Destinations = append(source.Destinations, rudderstacktest.Destination{Name: name})
	}
	return rudderstacktest.New(t, source)
}

// quiet is a configuration for a client that sends to the fake, at Close.
func quiet(p *rudderstacktest.DataPlane) rudder.Config {
	return rudder.Config{
		DataPlaneUrl: p.URL(), Interval: time.Hour, BatchSize: 100, DisableGzip: true, NoProxySupport: true,
		Logger: rudder.StdLogger(log.New(io.Discard, "", 0)), RetryAfter: func(int) time.Duration { return time.Millisecond },
	}
}

// newClient returns a Client of the real client of RudderStack, which sends at Close.
func newClient(t testing.TB, p *rudderstacktest.DataPlane, r rudderstack.Router, policy consent.Policy, o *consent.Options) *consent.Client {
	t.Helper()
	c, err := rudderstack.New(p.WriteKey(), quiet(p), r, policy, o)
	require.NoError(t, err)
	return c
}

// consentManagement returns that object of an event.
func consentManagement(t testing.TB, a rudderstacktest.Arrival) (c struct {
	Provider, ResolutionStrategy        string
	AllowedConsentIDs, DeniedConsentIDs []string
}) {
	t.Helper()
	var event struct {
		Context struct{ ConsentManagement json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(a.JSON, &event))
	require.NoError(t, json.Unmarshal(event.Context.ConsentManagement, &c))
	return c
}
