package benchmarks

import (
	"fmt"
	"slices"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
)

// A site has a number of destinations in five categories, and a visitor who granted four
// of those: by category, as most consent platforms ask, or also destination by
// destination, as Segment's Consent Manager does.
type site struct {
	config     destinations.Config
	policy     *destinations.Policy
	categories map[string]bool
	answers    map[string]bool // for destinations; empty for a visitor who was asked by category
	allowed    []string        // the destinations that the visitor granted
	all        []string
	visitor    consent.State
}

// byDestination returns the site with a visitor who gave the same answers for each
// destination too.
func (s site) byDestination() site {
	s.answers = make(map[string]bool, len(s.all))
	for _, name := range s.all {
		s.answers[name] = slices.Contains(s.allowed, name)
	}
	s.visitor = s.visitor.WithDestinations(s.answers)
	return s
}

// visitors are both kinds of visitor of a site of 20 destinations.
func visitors() map[string]site {
	s := newSite(20)
	return map[string]site{"category": s, "destination": s.byDestination()}
}

func newSite(n int) site {
	s := site{config: destinations.Config{Categories: map[string][]string{}}, categories: map[string]bool{}}
	for i := range n {
		category := fmt.Sprint("category", i%5)
		name := fmt.Sprint("Destination ", i)
		s.config.Categories[category] = append(s.config.Categories[category], name)
		s.categories[category] = i%5 != 4
		s.all = append(s.all, name)
		if i%5 != 4 {
			s.allowed = append(s.allowed, name)
		}
	}
	s.policy = destinations.MustCompile(s.config)
	s.visitor = consent.NewState(s.categories)
	return s
}

// stamp does by hand what the library does to a message of this visitor.
func (s site) stamp(m analytics.Track) analytics.Track {
	m.Integrations = make(analytics.Integrations, len(s.allowed)+2)
	m.Integrations["All"] = false
	m.Integrations["Warehouses"] = map[string]any{"all": false}
	for _, name := range s.allowed {
		m.Integrations[name] = true
	}
	categories := make(map[string]bool, len(s.categories))
	for name, granted := range s.categories {
		categories[name] = granted
	}
	answers := make(map[string]bool, len(s.answers))
	for name, granted := range s.answers {
		answers[name] = granted
	}
	m.Context = &analytics.Context{Extra: map[string]any{"consent": map[string]any{
		"categoryPreferences": categories, "destinationPreferences": answers,
	}}}
	return m
}

// naive names every destination, which is the obvious way without "All".
func (s site) naive(m analytics.Track) analytics.Track {
	m = s.stamp(m)
	delete(m.Integrations, "All")
	for _, name := range s.all {
		if _, ok := m.Integrations[name]; !ok {
			m.Integrations[name] = false
		}
	}
	return m
}

func order() analytics.Track {
	return analytics.Track{
		UserId: "u1", Event: "Order Completed",
		Properties: analytics.NewProperties().SetOrderId("o1").SetTotal(24.90).SetCurrency("EUR"),
	}
}

// vendors are as many destinations as a large site has, by their names at Segment.
var vendors = [20]string{
	"Actions Amplitude", "AdRoll", "Amplitude", "Appcues", "Braze Web Mode", "Customer.io", "Facebook Pixel",
	"FullStory", "Google Ads Conversions", "Google Analytics 4 Web", "Google Tag Manager", "Heap", "Hotjar",
	"HubSpot Web", "Intercom Web", "Iterable", "Klaviyo", "LinkedIn Insight Tag", "Mixpanel", "Pinterest Tag",
}

// cookieOf returns the cookie of a visitor who was asked about the vendors. Each i is another
// visitor.
func cookieOf(i int) string {
	answers := make(map[string]bool, len(vendors))
	for n, name := range vendors {
		answers[name] = (i>>n)&1 == 0
	}
	value, err := cookie.Encode(consent.NewState(map[string]bool{
		"marketingAndAnalytics": true, "advertising": false, "functional": true,
	}).WithDestinations(answers))
	if err != nil {
		panic(err)
	}
	return value
}
