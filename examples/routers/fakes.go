package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent/consenttest/mparticletest"
	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
)

// fakes are the routers, with what is set up there.
type fakes struct {
	segment               *segmenttest.Segment
	rudderstack           *rudderstacktest.DataPlane
	snowplow, snowplowAds *snowplowtest.Snowplow
	mparticle             *mparticletest.Server
}

func start() (*fakes, error) {
	segment, err1 := segmenttest.Start(segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Facebook Pixel"},
		Categories:   map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
	})
	rudderstack, err2 := rudderstacktest.Start(rudderstacktest.Source{
		Destinations: []rudderstacktest.Destination{{Name: "Amplitude"}, {Name: "Facebook Pixel"}},
	})
	snowplow, err3 := snowplowtest.Start(snowplowtest.Pipeline{})
	snowplowAds, err4 := snowplowtest.Start(snowplowtest.Pipeline{Destinations: []string{"Facebook Pixel"}})
	mparticle, err5 := mparticletest.Start(mparticletest.Workspace{
		Connections: []mparticletest.Connection{{Output: "Amplitude"}, {Output: "Facebook Pixel", Purpose: "advertising"}},
		Purposes:    []string{"analytics", "advertising"},
	})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	return &fakes{segment, rudderstack, snowplow, snowplowAds, mparticle}, nil
}

func (f *fakes) stop() {
	f.segment.Stop()
	f.rudderstack.Stop()
	f.snowplow.Stop()
	f.snowplowAds.Stop()
	f.mparticle.Stop()
}

// A place is a destination behind a router, with the names of the events that it got, or why
// it got none.
type place struct{ router, destination, got string }

func (f *fakes) places() (places []place) {
	for _, name := range []string{"Amplitude", "Facebook Pixel"} {
		got, why := []string{}, ""
		for _, a := range f.segment.Arrivals() {
			for _, d := range a.Deliveries {
				got, why = note(got, why, d.Destination == name, d.Delivered, d.Reason, eventName(a.JSON, a.Type))
			}
		}
		places = append(places, place{"segment", name, text(got, why)})
	}
	for _, name := range []string{"Amplitude", "Facebook Pixel"} {
		got, why := []string{}, ""
		for _, a := range f.rudderstack.Arrivals() {
			d := a.At(name)
			got, why = note(got, why, true, d.Delivered, d.Reason, eventName(a.JSON, a.Type))
		}
		places = append(places, place{"rudderstack", name, text(got, why)})
	}
	places = append(places,
		place{"snowplow", "the pipeline", text(namesOf(f.snowplow.Events()), "")},
		place{"snowplow-ads", "the pipeline", text(namesOf(f.snowplowAds.Events()), "")},
		place{"snowplow-ads", "Facebook Pixel", text(namesOf(f.snowplowAds.Inbox("Facebook Pixel")), "")},
	)
	for _, name := range []string{"Amplitude", "Facebook Pixel"} {
		got, why := []string{}, ""
		for _, a := range f.mparticle.Arrivals() {
			for _, d := range a.Deliveries {
				got, why = note(got, why, d.Output == name, d.Delivered, d.Reason, cmp.Or(a.Name, "identify"))
			}
		}
		places = append(places, place{"mparticle", name, text(got, why)})
	}
	return places
}

// note adds an event that was delivered, or why one was not.
func note(got []string, why string, here, delivered bool, reason, event string) ([]string, string) {
	switch {
	case !here:
		return got, why
	case delivered:
		return append(got, event), why
	default:
		return got, reason
	}
}

func text(got []string, why string) string {
	switch {
	case len(got) > 0:
		return strings.Join(slices.Sorted(slices.Values(got)), ", ") // several batches may arrive in any order
	case why != "":
		return "nothing: " + why
	default:
		return "nothing arrived"
	}
}

// eventName is the name of an event, or its type.
func eventName(event []byte, kind string) string {
	var e struct{ Event string }
	if json.Unmarshal(event, &e) != nil || e.Event == "" {
		return kind
	}
	return e.Event
}

// namesOf returns the names of Snowplow's events: a Track has its own in its data, others
// have that of their schema.
func namesOf(events []snowplowtest.Event) (names []string) {
	for _, e := range events {
		schema := strings.TrimPrefix(e.Schema, "iglu:")
		names = append(names, eventName(e.Data, path.Base(path.Dir(path.Dir(schema)))))
	}
	return names
}
