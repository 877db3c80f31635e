package site

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/http"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// home shows the page, and tracks that it was viewed. The page that follows an action does not count
// as another view.
func (s *shop) home(w http.ResponseWriter, r *http.Request) {
	done := r.URL.Query().Get("done")
	if done == "" {
		s.track(r, analytics.Page{
			MessageId: rand.Text(), AnonymousId: s.anonymousID(r), UserId: s.agreedUser(r),
			Name: "Home",
		})
	}
	if s.segment != nil {
		// So that the page shows what became of the events. If that takes too long, it
		// shows that they are under way.
		_ = s.flush(r.Context())
	}
	s.render(w, r, done)
}

// buy tracks an order.
func (s *shop) buy(w http.ResponseWriter, r *http.Request) {
	s.track(r, analytics.Track{
		MessageId: rand.Text(), AnonymousId: s.anonymousID(r), UserId: userOf(r),
		Event: "Order Completed",
		Properties: analytics.NewProperties().
			SetOrderId(rand.Text()).SetTotal(24.90).SetCurrency("EUR").
			SetProducts(analytics.Product{Name: "Enamel teapot", Price: 24.90}),
	})
	http.Redirect(w, r, "/?done=buy#done", http.StatusSeeOther)
}

// join identifies the visitor as a new member, and puts the member in a group.
func (s *shop) join(w http.ResponseWriter, r *http.Request) {
	visitor, member := s.anonymousID(r), cmp.Or(userOf(r), "member-"+rand.Text())
	s.track(r, analytics.Identify{
		MessageId: rand.Text(), AnonymousId: visitor, UserId: member,
		Traits: analytics.NewTraits().SetName("Robin Example").SetEmail("robin@example.com"),
	})
	s.track(r, analytics.Group{
		MessageId: rand.Text(), AnonymousId: visitor, UserId: member, GroupId: "tea-club",
		Traits: analytics.NewTraits().SetName("Tea club"),
	})
	http.Redirect(w, r, "/?done=join#done", http.StatusSeeOther)
}

// track sends the event to the destinations that the consent in the context of r allows. If the event
// cannot be sent, the visitor's request does not fail.
func (s *shop) track(r *http.Request, m analytics.Message) {
	if err := s.client.For(r.Context()).Enqueue(m); err != nil {
		s.log.Printf("event not sent: %v", err)
	}
	ruling, signals := s.rulingOf(r), gpc(r)
	if userOf(r) != "" {
		signals = signals.Restrict(ruling.Signals)
	}
	s.journal.because(m, ruling, signals)
}

// anonymousID returns the id under which Segment knows the visitor. An id recognises people, so it
// needs consent like any other use of their data. Segment requires one, so a visitor who allows no
// destination gets a new one for each event, which identifies nobody. The event that reports a
// withdrawal still has the old id, so that Segment files it under that id. A site with analytics.js
// in its pages would use the id of cookie.AnonymousID.
func (s *shop) anonymousID(r *http.Request) string {
	agreed := s.agreed(consent.FromContext(r.Context()))
	if s.queue != nil && agreed {
		return visitorOf(r).idAt(deviceOf(r), s.queue.NewID)
	}
	return visitorOf(r).anonymousID(agreed)
}

// agreedUser returns the user who is signed in, under the same condition. An order belongs to the
// account whatever its owner answered, but a view of the page needs nobody to be recognised.
func (s *shop) agreedUser(r *http.Request) string {
	if !s.agreed(consent.FromContext(r.Context())) {
		return ""
	}
	return userOf(r)
}

// agreed reports whether the visitor allowed any destination that needs consent.
func (s *shop) agreed(state consent.State) bool {
	for v := range s.policy.Decide(state).Verdicts() {
		if v.Allowed && v.Reason != consent.ReasonAlways {
			return true
		}
	}
	return false
}

// deliveries responds with how many events of the visitor arrived, and how many of them at each
// destination. It responds when every event of earlier requests has arrived.
func (s *shop) deliveries(w http.ResponseWriter, r *http.Request) {
	if s.segment == nil {
		http.Error(w, "what was delivered, only Segment knows", http.StatusNotFound)
		return
	}
	if err := s.flush(r.Context()); err != nil {
		http.Error(w, "some events are still under way", http.StatusGatewayTimeout)
		return
	}
	sent, delivered := s.count(visitorOf(r))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct { // the visitor may be gone
		Sent         int            `json:"sent"`
		Destinations map[string]int `json:"destinations"`
	}{sent, delivered})
}

// reset forgets the events of the visitor, including those under way.
func (s *shop) reset(w http.ResponseWriter, r *http.Request) {
	visitorOf(r).forget()
	http.Redirect(w, r, "/?done=reset#done", http.StatusSeeOther)
}

// secure sets the headers of every response. The page is for one visitor, has no scripts, is not
// shown in a frame, and is not stored by a cache.
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

func stylesheet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=300")
	http.ServeFileFS(w, r, assets, "style.css")
}
