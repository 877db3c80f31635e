package main

import (
	"net/http"
	"sync"
)

type shop struct {
	tracker Tracker

	mu     sync.Mutex
	orders []order
}

// An order waits to be shipped.
type order struct {
	user, id string
}

func (s *shop) showProduct(w http.ResponseWriter, r *http.Request) {
	s.tracker.ProductViewed(r.FormValue("user"), r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}

func (s *shop) signUp(w http.ResponseWriter, r *http.Request) {
	s.tracker.AccountCreated(r.FormValue("user"), "web")
	w.WriteHeader(http.StatusCreated)
}

func (s *shop) takeOrder(w http.ResponseWriter, r *http.Request) {
	o := order{user: r.FormValue("user"), id: r.FormValue("order")}
	s.mu.Lock()
	s.orders = append(s.orders, o)
	s.mu.Unlock()
	s.tracker.OrderCompleted(o.user, o.id)
	w.WriteHeader(http.StatusCreated)
}

// ship runs at night, without a request.
func (s *shop) ship() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		s.tracker.OrderShipped(o.user, o.id)
	}
	s.orders = nil
}
