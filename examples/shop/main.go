// Shop is a small web shop whose server-side Segment events obey the visitor's
// consent. Its page shows, for every event, which destinations received it and why
// the others did not.
//
//	go run ./examples/shop [-addr 127.0.0.1:8080]
//
// A fake Segment on the loopback interface takes the events; everything else is real.
// With WRITE_KEY in the environment the shop sends to Segment instead, and with -eu to
// a European workspace.
//
// This file and handlers.go are the part to copy: the policy, the client, the
// middleware, and how a handler tracks.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Getenv("WRITE_KEY"), os.Stdout, os.Stderr))
}

// policyConfig says which category of consent covers which destination. The
// categories are those of Segment's Consent Manager, the destinations have the
// names of Segment's documentation.
func policyConfig() destinations.Config {
	return destinations.Config{
		Categories: map[string][]string{
			"marketingAndAnalytics": {"Amplitude", "HubSpot", "Mixpanel (Actions)", "Warehouses"},
			"advertising":           {"Facebook Conversions API (Actions)", "Google Ads Conversions"},
			"functional":            {"Intercom"},
		},
		// The webhook that gets orders to the stockroom; nobody can buy without it.
		Always: []string{"Webhooks"},
	}
}

// gpc is what the browser says unasked: Global Privacy Control objects to the sale
// and sharing of data, which here is advertising.
var gpc = middleware.GPC("advertising")

// A shop serves the pages and tracks what happens on them.
type shop struct {
	policy   *destinations.Policy
	client   *consent.Client
	log      *log.Logger
	visitors *visitors

	// For the page that shows the events.
	journal  *journal             // what was decided about each event, and its outcome
	segment  *segmenttest.Segment // stands in for Segment; nil if the events go to Segment
	groups   []group              // the destinations to show
	patience time.Duration        // how long a page waits for events under way
}

// newShop connects a shop to Segment, or to the fake: c says where that is.
func newShop(config destinations.Config, writeKey string, c analytics.Config, fake *segmenttest.Segment, l *log.Logger) (*shop, error) {
	policy, err := destinations.Compile(config)
	if err != nil {
		return nil, err
	}
	s := &shop{
		policy: policy, log: l, visitors: newVisitors(),
		journal: new(journal), segment: fake, groups: groupsOf(config), patience: 5 * time.Second,
	}
	if fake != nil {
		s.groups = addGroup(s.groups, "Not in the policy", workspaceFor(config).Destinations)
	}
	c.Logger = analytics.StdLogger(l)
	s.client, err = consent.NewSegment(writeKey, c, policy, &consent.Options{
		OnDecision: s.journal.decided,
		OnOutcome:  s.journal.settled,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// handler routes the requests. The middleware reads the visitor's answer once and
// puts it in the request's context, where client.For finds it.
func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /buy", s.buy)
	mux.HandleFunc("POST /join", s.join)
	mux.Handle("/preferences", s.preferences())
	mux.HandleFunc("GET /deliveries", s.deliveries)
	mux.HandleFunc("POST /reset", s.reset)

	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{gpc},
		OnError: func(_ *http.Request, err error) { s.log.Printf("consent not read: %v", err) },
	})
	site := http.NewServeMux()
	site.Handle("/", s.visitors.recognise(read(mux)))
	site.HandleFunc("GET /style.css", stylesheet)
	return http.NewCrossOriginProtection().Handler(secure(site))
}

// preferences takes the answers of the form on the page. It writes the cookie, tells
// Segment, and sends the browser back to the page.
func (s *shop) preferences() http.Handler {
	return preferences.Handler{
		Policy: s.policy,
		Client: s.client, AnonymousID: s.anonymousID,
		Signals: []middleware.Signal{gpc},
		OnError: func(_ *http.Request, err error) { s.log.Printf("preferences: %v", err) },
	}
}
