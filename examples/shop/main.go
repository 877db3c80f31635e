// Shop is a small web shop whose server-side Segment events obey the visitor's
// consent. Its page shows, for every event, which destinations received it and why
// the others did not.
//
//	go run ./examples/shop [-addr 127.0.0.1:8080]
//
// A collector on the loopback interface stands in for Segment; everything else is
// real. With WRITE_KEY in the environment the shop sends to Segment instead, and
// with -eu to a European workspace.
//
// This file is the part to copy: the policy, the client, the middleware.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
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
	policy    *destinations.Policy
	client    *consent.Client
	ledger    *ledger       // what was decided about each event
	collector *collector    // stands in for Segment; nil if the events go to Segment
	groups    []group       // the destinations to show
	patience  time.Duration // how long an answer waits for events under way
	log       *log.Logger
}

// newShop connects a shop to Segment, or to what stands in for it: segment says
// where that is.
func newShop(config destinations.Config, writeKey string, segment analytics.Config, c *collector, l *log.Logger) (*shop, error) {
	policy, err := destinations.Compile(config)
	if err != nil {
		return nil, err
	}
	s := &shop{
		policy:    policy,
		ledger:    newLedger(l),
		collector: c,
		groups:    groupsOf(config),
		patience:  5 * time.Second,
		log:       l,
	}
	if c != nil {
		s.groups = addGroup(s.groups, "Not in the policy", c.destinations())
	}
	segment.Callback = s.ledger
	segment.Logger = silent{}
	s.client, err = consent.NewSegment(writeKey, segment, policy, &consent.Options{OnDecision: s.ledger.record})
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
	mux.HandleFunc("POST /consent", s.saveConsent)
	mux.HandleFunc("POST /buy", s.buy)
	mux.HandleFunc("POST /signup", s.signup)
	mux.HandleFunc("GET /deliveries", s.deliveries)
	mux.HandleFunc("POST /reset", s.reset)
	mux.HandleFunc("GET /style.css", stylesheet)

	readConsent := middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{gpc},
		OnError: func(r *http.Request, err error) { s.log.Printf("consent not read: %v", err) },
	})
	return http.NewCrossOriginProtection().Handler(secure(readConsent(mux)))
}
