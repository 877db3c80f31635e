package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// home shows the page, and tracks that it was viewed.
func (s *shop) home(w http.ResponseWriter, r *http.Request) {
	s.track(r.Context(), analytics.Page{
		MessageId: rand.Text(), Timestamp: time.Now(),
		AnonymousId: s.visitor(w, r, consent.FromContext(r.Context())),
		Name:        "Home",
	})
	if s.collector != nil {
		// So that the page shows what became of its own view. If that takes too
		// long, it shows that the event is under way.
		s.flush(r.Context())
	}
	s.render(w, r)
}

// saveConsent takes the visitor's answer: the whole of it, by category.
func (s *shop) saveConsent(w http.ResponseWriter, r *http.Request) {
	answer, err := readAnswer(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := (cookie.Codec{}).Write(w, r, answer); err != nil {
		s.log.Printf("consent not written: %v", err)
		http.Error(w, "your answer could not be stored", http.StatusInternalServerError)
		return
	}
	// The context carries the answer from before this one. The new one counts from
	// here on, and what the browser says unasked comes on top of it.
	ctx := consent.NewContext(r.Context(), answer.Restrict(gpc(r).Denials()))
	s.track(ctx, analytics.Track{
		MessageId: rand.Text(), Timestamp: time.Now(),
		AnonymousId: s.visitor(w, r, consent.FromContext(ctx)),
		Event:       consent.UpdateEvent,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// buy tracks an order.
func (s *shop) buy(w http.ResponseWriter, r *http.Request) {
	s.track(r.Context(), analytics.Track{
		MessageId: rand.Text(), Timestamp: time.Now(),
		AnonymousId: s.visitor(w, r, consent.FromContext(r.Context())),
		Event:       "Order Completed",
		Properties: analytics.NewProperties().
			SetOrderId(rand.Text()).SetTotal(24.90).SetCurrency("EUR").
			SetProducts(analytics.Product{Name: "Enamel teapot", Price: 24.90}),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signup identifies the visitor as a new member, and puts the member in a group.
func (s *shop) signup(w http.ResponseWriter, r *http.Request) {
	visitor := s.visitor(w, r, consent.FromContext(r.Context()))
	member := "member-" + rand.Text()
	s.track(r.Context(), analytics.Identify{
		MessageId: rand.Text(), Timestamp: time.Now(),
		AnonymousId: visitor, UserId: member,
		Traits: analytics.NewTraits().SetName("Robin Example").SetEmail("robin@example.com"),
	})
	s.track(r.Context(), analytics.Group{
		MessageId: rand.Text(), Timestamp: time.Now(),
		AnonymousId: visitor, UserId: member, GroupId: "tea-club",
		Traits: analytics.NewTraits().SetName("Tea club"),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// track sends the event to where the consent in ctx lets it go. An event that
// cannot be sent is no reason to fail the visitor's request.
func (s *shop) track(ctx context.Context, m analytics.Message) {
	if err := s.client.For(ctx).Enqueue(m); err != nil {
		s.ledger.Failure(m, err)
	}
}

// deliveries tells how many events arrived, and how many of them at each
// destination. It answers when every event of the requests before it has arrived.
func (s *shop) deliveries(w http.ResponseWriter, r *http.Request) {
	if s.collector == nil {
		http.Error(w, "what was delivered, only Segment knows", http.StatusNotFound)
		return
	}
	if !s.flush(r.Context()) {
		http.Error(w, "some events are still under way", http.StatusGatewayTimeout)
		return
	}
	sent, delivered := s.collector.counts()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(struct {
		Sent         int            `json:"sent"`
		Destinations map[string]int `json:"destinations"`
	}{sent, delivered})
}

// reset forgets every event, those under way included.
func (s *shop) reset(w http.ResponseWriter, r *http.Request) {
	if s.collector != nil {
		if !s.flush(r.Context()) {
			http.Error(w, "some events are still under way", http.StatusGatewayTimeout)
			return
		}
		s.collector.reset()
	}
	s.ledger.reset()
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// flush waits for the events under way, and reports whether all have arrived.
func (s *shop) flush(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	return s.ledger.wait(ctx) == nil
}

// secure sets the headers that every answer has: a page of one's own, without
// scripts and in no frame, that no cache keeps.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
