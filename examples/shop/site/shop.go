// Package site is the shop of examples/shop: examples/durable runs the same one with
// another store.
//
// This file, handlers.go and accounts.go are the part to copy: the policy, the client, the
// middleware, how a handler tracks, and how an account's answer counts on every device.
package site

import (
	"context"
	"errors"
	"log"
	"net/http"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/consent/ledger/rights"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
)

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

// gpc reads the signal of the browser: Global Privacy Control objects to the sale and sharing of
// data, which here is advertising.
var gpc = middleware.GPC("advertising")

// A shop serves the pages and tracks what happens on them.
type shop struct {
	policy   *destinations.Policy
	client   *consent.Client  // tracks
	sender   *consent.Client  // delivers: the same one, unless there is a queue
	queue    *Queue           // nil: events wait in memory
	worker   *queue.Worker    // nil: there is no queue
	book     *ledger.Ledger   // what people answered
	accounts *ledger.Accounts // whose answer counts
	log      *log.Logger
	visitors *visitors

	// For the page that shows the events.
	journal  *journal             // what was decided about each event, and its outcome
	segment  *segmenttest.Segment // stands in for Segment; nil if the events go to Segment
	groups   []group              // the destinations to show
	config   policyRecord         // what a proof says about the policy
	patience time.Duration        // how long a page waits for events under way
}

// newShop connects a shop to Segment, or to the fake: c says where that is. What it keeps goes
// into the Store and the Queue of keep.
func newShop(config destinations.Config, writeKey string, c analytics.Config, fake *segmenttest.Segment, keep Config, l *log.Logger) (*shop, error) {
	policy, err := destinations.Compile(config)
	if err != nil {
		return nil, err
	}
	s := &shop{
		policy: policy, log: l, queue: keep.Queue, visitors: newVisitors(),
		journal: new(journal), segment: fake, groups: groupsOf(config), config: policyRecordOf(config), patience: 5 * time.Second,
	}
	if fake != nil {
		s.groups = addGroup(s.groups, "Not in the policy", workspaceFor(config).Destinations)
	}
	c.Logger = analytics.StdLogger(l)
	if err := s.openClients(writeKey, c, policy); err != nil {
		return nil, err
	}
	if err := errors.Join(s.openAccounts(keep.Store), s.openWorker()); err != nil {
		return nil, errors.Join(err, s.sender.Close())
	}
	return s, nil
}

// close writes the waiting records, and sends the waiting events.
func (s *shop) close(ctx context.Context) error {
	_, err := s.accounts.Close(ctx)
	return errors.Join(err, s.closeClients(ctx))
}

// handler routes the requests. The middleware reads the visitor's answer once and
// puts it in the request's context, where client.For finds it.
func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /buy", s.buy)
	mux.HandleFunc("POST /join", s.join)
	mux.Handle("/preferences", rememberDevice(oneForm(s.preferences())))
	mux.HandleFunc("GET /deliveries", s.deliveries)
	mux.HandleFunc("GET /proof", s.proof)
	mux.HandleFunc("POST /reset", s.reset)
	mux.Handle("GET /queue", s.queuePage())

	mux.Handle("POST /sign-in", rememberDevice(http.HandlerFunc(s.signIn)))
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.HandleFunc("POST /remind", s.remind)
	mux.HandleFunc("POST /erase", s.erase)
	mux.Handle("GET /history", rights.Handler{Ledger: s.book, Person: personOf, OnError: s.requestFailed})

	read := s.accounts.Keep(middleware.New(middleware.Options{
		Sources: []middleware.Source{s.accounts},
		Signals: []middleware.Signal{gpc},
		OnError: func(_ *http.Request, err error) { s.log.Printf("consent not read: %v", err) },
	}))
	site := http.NewServeMux()
	site.Handle("/", s.visitors.recognise(read(mux)))
	site.HandleFunc("GET /style.css", stylesheet)
	return http.NewCrossOriginProtection().Handler(secure(http.MaxBytesHandler(site, maxBody)))
}

// maxBody is how long a body may be, in bytes: a form is much shorter.
const maxBody = 64 << 10

// preferences takes the answers of the form on the page. It writes the cookie, tells
// Segment and the ledger, and sends the browser back to the page.
func (s *shop) preferences() http.Handler {
	take := preferences.Handler{
		Policy: s.policy,
		Client: s.client, AnonymousID: s.anonymousID, UserID: userOf,
		OnAnswer: s.accounts.OnAnswer, IgnoreFields: []string{scopeField},
		Signals: []middleware.Signal{gpc},
		OnError: s.requestFailed,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		take.ServeHTTP(w, r)
		// So that the next page already uses the record. A denial counts without that.
		ctx, cancel := context.WithTimeout(r.Context(), s.patience)
		defer cancel()
		_ = s.accounts.Flush(ctx) // what did not work is in the log
	})
}

func (s *shop) requestFailed(r *http.Request, err error) { s.log.Printf("%s: %v", r.URL.Path, err) }
