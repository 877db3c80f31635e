package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"strings"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/workspaces"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/explain"
	"github.com/go-consent/segment/middleware/preferences"
	"github.com/go-consent/segment/middleware/regime"
)

// The categories that visitors are asked about, with their destinations.
var categories = map[string][]string{
	"analytics":   {"Amplitude"},
	"advertising": {"Facebook Pixel"},
}

// A site serves the pages.
type site struct {
	policy  *destinations.Policy
	rules   *regime.Rules
	router  *workspaces.Router
	options middleware.Options
}

// A target is where the events of a workspace go.
type target struct {
	writeKey string
	config   analytics.Config // with consent.EndpointEU for a European workspace
}

func newSite(european, american target, l *log.Logger) (*site, error) {
	policy, err := destinations.Compile(destinations.Config{Categories: categories})
	if err != nil {
		return nil, err
	}
	rules, err := regime.Compile(regime.Config{
		Categories: map[string][]regime.Purpose{
			"analytics":   {regime.Statistics},
			"advertising": {regime.Advertising},
		},
		Where: regime.CloudFront, // the site is behind CloudFront, and only there
	})
	if err != nil {
		return nil, err
	}
	if err := rules.Check(policy); err != nil {
		return nil, err
	}
	clients := make(map[string]*consent.Client)
	for name, t := range map[string]target{"eu": european, "us": american} {
		t.config.Logger = analytics.StdLogger(l)
		if clients[name], err = consent.NewSegment(t.writeKey, t.config, policy, nil); err != nil {
			return nil, fmt.Errorf("workspace %s: %w", name, err)
		}
	}
	router, err := workspaces.New(workspaces.Config{
		Workspaces: clients,
		Regions:    map[string]string{"US": "us"},
		Strict:     "eu",
		Region:     func(ctx context.Context) string { return regime.FromContext(ctx).Place },
	})
	if err != nil {
		return nil, err
	}
	return &site{policy, rules, router, middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC(rules.Categories(regime.Advertising)...)},
		Default: rules.Default,
		OnError: func(_ *http.Request, err error) { l.Printf("consent not read: %v", err) },
	}}, nil
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("/preferences", s.preferences)
	mux.Handle("/debug/consent", explain.Handler{
		Authorize: fromThisMachine, // a real site would check the signed-in user
		Options:   s.options,
		Policy:    s.policy,
		Rules:     s.rules,
		Warnings:  func(state consent.State) []string { return s.policy.Explain(state).Warnings },
	})
	return s.rules.Handler(middleware.New(s.options)(mux))
}

// home tracks a view of the page, in the workspace of the visitor's region.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	err := s.router.For(r.Context()).Enqueue(analytics.Page{AnonymousId: rand.Text(), Name: "Home"})
	if err != nil {
		log.Printf("event not sent: %v", err)
	}
	fmt.Fprintf(w, "%v\n\nYour events go to the workspace %s. /debug/consent tells the rest.\n",
		regime.FromContext(r.Context()), s.router.Workspace(r.Context()))
}

// preferences takes the visitor's answer, and tells the workspace of their region.
func (s *site) preferences(w http.ResponseWriter, r *http.Request) {
	preferences.Handler{
		Policy: s.policy, Client: s.router.For(r.Context()),
		Signals: s.options.Signals, Default: s.options.Default, // as the middleware has them
	}.ServeHTTP(w, r)
}

// cdn stands in for the CDN in front of a site: it takes the place of visitors from
// "from" in the URL, and overwrites the header of clients.
func cdn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		country, region, _ := strings.Cut(r.URL.Query().Get("from"), "-")
		r.Header.Set("CloudFront-Viewer-Country", country)
		r.Header.Set("CloudFront-Viewer-Country-Region", region)
		next.ServeHTTP(w, r)
	})
}

func fromThisMachine(r *http.Request) bool {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && address.Addr().IsLoopback()
}
