package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
)

// visitorCookie holds the session of a visitor: it is strictly necessary to show people
// their own events and nobody else's. Segment never sees it.
const visitorCookie = "shop-session"

// How much is remembered, of all visitors together.
const (
	maxVisitors = 1000
	maxIDs      = 200 // of one visitor
)

// A visitor is somebody who has the cookie.
type visitor struct {
	mu  sync.Mutex
	ids []string // under which Segment got events, the current one last
}

// anonymousID returns the visitor's id for Segment, which is a new one with each call
// for those who have not agreed to one.
func (v *visitor) anonymousID(agreed bool) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !agreed || len(v.ids) == 0 {
		v.ids = append(v.ids[max(0, len(v.ids)+1-maxIDs):], rand.Text())
	}
	return v.ids[len(v.ids)-1]
}

// is reports whether an event with that id is the visitor's.
func (v *visitor) is(anonymousID string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Contains(v.ids, anonymousID)
}

func (v *visitor) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ids = nil
}

// visitors are all who are remembered, the oldest first in order.
type visitors struct {
	mu    sync.Mutex
	bySID map[string]*visitor
	order []string
}

func newVisitors() *visitors { return &visitors{bySID: make(map[string]*visitor)} }

// recognise puts the visitor into the context of the request. An unknown cookie is
// replaced, so that nobody can choose a session for somebody else.
func (v *visitors) recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := v.find(r)
		if who == nil {
			var session string
			who, session = v.add()
			http.SetCookie(w, &http.Cookie{
				Name: visitorCookie, Value: session, Path: "/",
				HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
			})
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, who)))
	})
}

type visitorKey struct{}

func visitorOf(r *http.Request) *visitor {
	if v, ok := r.Context().Value(visitorKey{}).(*visitor); ok {
		return v
	}
	return new(visitor)
}

func (v *visitors) find(r *http.Request) *visitor {
	c, err := r.Cookie(visitorCookie)
	if err != nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bySID[c.Value]
}

func (v *visitors) add() (who *visitor, session string) {
	who, session = new(visitor), rand.Text()
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.order) == maxVisitors {
		delete(v.bySID, v.order[0])
		v.order = slices.Delete(v.order, 0, 1)
	}
	v.bySID[session] = who
	v.order = append(v.order, session)
	return who, session
}
