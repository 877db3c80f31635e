package main

import (
	"errors"
	"io"
	"log"

	rudder "github.com/rudderlabs/analytics-go/v4"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/mparticle"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/consent/rudderstack"
	"github.com/go-consent/segment/consent/snowplow"
)

// client returns the client of all routers.
func (f *fakes) client(told *outcomes) (*routers.Client, error) {
	toSegment, err1 := consent.NewSegment(f.segment.WriteKey(), f.segment.Config(), policy, told.of("segment"))

	// Nothing has to be set up at RudderStack: its integrations object closes what is denied.
	toRudderStack, err2 := rudderstack.New(f.rudderstack.WriteKey(), rudder.Config{
		DataPlaneUrl: f.rudderstack.URL(), Logger: rudder.StdLogger(log.New(io.Discard, "", 0)),
	}, rudderstack.Router{}, policy, told.of("rudderstack"))

	// Snowplow passes everything on to whatever the pipeline feeds, the preference event too, so
	// that goes to a pipeline that feeds nothing but its own warehouse.
	toSnowplow, err3 := snowplow.New(snowplow.Config{Collector: f.snowplow.URL()}, snowplow.Router{
		Destinations: []string{"Snowplow"},
		Preferences: &snowplow.Preferences{
			URL: "https://www.example.com/privacy", Version: "2026-11", Domains: []string{"example.com"}, Necessary: []string{"necessary"},
		},
	}, policy, told.of("snowplow"))
	toSnowplowAds, err4 := snowplow.New(snowplow.Config{Collector: f.snowplowAds.URL()}, snowplow.Router{
		Destinations: []string{"Snowplow", "Facebook Pixel"},
	}, policy, told.of("snowplow-ads"))

	// Facebook Pixel has a forwarding rule at mParticle; the others have none.
	toMParticle, err5 := mparticle.New(mparticle.Config{
		Endpoint: f.mparticle.URL(), Key: f.mparticle.Key(), Secret: f.mparticle.Secret(),
	}, mparticle.Router{Outputs: []mparticle.Output{
		{Name: "mParticle"}, {Name: "Amplitude"}, {Name: "Facebook Pixel", Purpose: "advertising"},
	}}, policy, told.of("mparticle"))

	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	return routers.New(
		routers.Named{Name: "segment", Client: toSegment},
		routers.Named{Name: "snowplow", Client: toSnowplow},
		routers.Named{Name: "snowplow-ads", Client: toSnowplowAds},
		routers.Named{Name: "mparticle", Client: toMParticle},
		routers.Named{Name: "rudderstack", Client: toRudderStack}, // last: its Enqueue may block
	)
}
