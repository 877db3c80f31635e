package main

import (
	"context"
	"log"
	"net/http"
	"sync"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

// config says which category of consent covers which destination.
var config = destinations.Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Mixpanel (Actions)"},
		"advertising": {"Facebook Conversions API (Actions)"},
	},
	Always: []string{"Webhooks"}, // the stockroom
}

// A backend takes orders, and ships them later.
type backend struct {
	client *consent.Client

	mu      sync.Mutex
	orders  []order
	answers map[string]consent.State // of each user, the last
}

// An order waits to be shipped, together with what its customer had agreed to.
type order struct {
	user    string
	consent string // the text of a State
}

func newBackend(client *consent.Client) *backend {
	return &backend{client: client, answers: make(map[string]consent.State)}
}

// read reads the answer of a visitor.
var read = middleware.New(middleware.Options{
	Sources: []middleware.Source{cookie.Codec{}},
	Signals: []middleware.Signal{middleware.GPC("advertising")},
})

// site is everything that visitors see.
func (b *backend) site() http.Handler { return read(b.routes()) }

func (b *backend) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.home)
	mux.HandleFunc("POST /orders", b.takeOrder)
	mux.HandleFunc("POST /newsletter", b.subscribe)
	return mux
}

// services is what other programs and employees call; no visitor is there to read a cookie of.
func (b *backend) services() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhooks/paid", b.paid)
	mux.HandleFunc("POST /admin/refunds", b.refund)
	return mux
}

func (b *backend) takeOrder(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	if user == "" {
		http.Error(w, "Who are you?", http.StatusBadRequest)
		return
	}
	b.remember(user, consent.FromContext(r.Context()))
	answered, err := consent.FromContext(r.Context()).MarshalText()
	if err != nil {
		answered = nil // cannot be read later, which is a denial
	}
	b.mu.Lock()
	b.orders = append(b.orders, order{user, string(answered)})
	b.mu.Unlock()
	b.track(r.Context(), analytics.Track{UserId: user, Event: "Order Completed"})
}

func (b *backend) subscribe(w http.ResponseWriter, r *http.Request) {
	user, email := r.FormValue("user"), r.FormValue("email")
	if user == "" || email == "" {
		http.Error(w, "Who are you?", http.StatusBadRequest)
		return
	}
	b.track(r.Context(), analytics.Identify{UserId: user, Traits: analytics.NewTraits().SetEmail(email)})
	b.track(r.Context(), analytics.Track{UserId: user, Event: "Subscribed"})
}

// ship ships every order that waits. It runs without a request, so that each order
// brings the answer of its customer along.
func (b *backend) ship(ctx context.Context) {
	b.mu.Lock()
	waiting := b.orders
	b.orders = nil
	b.mu.Unlock()
	for _, o := range waiting {
		var state consent.State
		if err := state.UnmarshalText([]byte(o.consent)); err != nil {
			log.Print(err) // the state is a denial
		}
		b.track(consent.NewContext(ctx, state), analytics.Track{UserId: o.user, Event: "Order Shipped"})
	}
}

// track sends an event to where the visitor allows. That it fails is no reason to
// refuse an order.
func (b *backend) track(ctx context.Context, m analytics.Message) {
	if err := b.client.For(ctx).Enqueue(m); err != nil {
		log.Print(err)
	}
}
