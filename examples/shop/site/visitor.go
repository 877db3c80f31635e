package site

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
)

// visitorCookie holds the session of a visitor. It is strictly necessary to show people only their
// own events. Segment never sees it.
const visitorCookie = "shop-session"

// How much is remembered, of all visitors together.
const (
	maxVisitors = 1000
	maxIDs      = 200 // of one visitor
)

// A visitor is a browser with the cookie.
type visitor struct {
	session string // guarded by visitors.mu

	mu    sync.Mutex
	user  string   // who is signed in, or ""
	last  string   // what began the session: "sign-in", "sign-out", "erase" or ""
	ids   []string // under which Segment got events, the current one last
	at    string   // the device that the current one is of, if it is of one
	shown []string // ids of other messages that the visitor may see: what workers sent
}

func (v *visitor) account() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.user
}

func (v *visitor) did(what string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last == what
}

// anonymousID returns the visitor's id for Segment. For a visitor who has not agreed to one, each
// call returns a new id.
func (v *visitor) anonymousID(agreed bool) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !agreed || len(v.ids) == 0 {
		v.ids, v.at = append(v.ids[max(0, len(v.ids)+1-maxIDs):], rand.Text()), ""
	}
	return v.ids[len(v.ids)-1]
}

// idAt returns the id of a visitor who has agreed to one, which tells the device.
func (v *visitor) idAt(device string, newID func(device string) string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if device == "" || v.at != device || len(v.ids) == 0 {
		v.ids, v.at = append(v.ids[max(0, len(v.ids)+1-maxIDs):], newID(device)), device
	}
	return v.ids[len(v.ids)-1]
}

// sees reports whether an event is the visitor's.
func (v *visitor) sees(e head) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Contains(v.ids, e.anonymous) || slices.Contains(v.shown, e.id)
}

func (v *visitor) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ids, v.shown = nil, nil
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
			who = new(visitor)
			v.renew(w, r, who)
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

// renew gives a visitor another session: after signing in, it must be one that nobody else can
// know.
func (v *visitors) renew(w http.ResponseWriter, r *http.Request, who *visitor) {
	http.SetCookie(w, &http.Cookie{
		Name: visitorCookie, Value: v.add(who), Path: "/",
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}

// add returns a session for a visitor, whose old one ends.
func (v *visitors) add(who *visitor) (session string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.remove(who.session)
	if len(v.order) == maxVisitors {
		v.remove(v.order[0])
	}
	who.session = rand.Text()
	v.bySID[who.session] = who
	v.order = append(v.order, who.session)
	return who.session
}

// remove ends a session, if there is one of that name.
func (v *visitors) remove(session string) {
	delete(v.bySID, session)
	v.order = slices.DeleteFunc(v.order, func(s string) bool { return s == session })
}

func (v *visitors) signIn(w http.ResponseWriter, r *http.Request, user string) {
	who := visitorOf(r)
	who.mu.Lock()
	if who.user != "" && who.user != user {
		who.ids, who.shown = nil, nil // are somebody else's
	}
	who.user, who.last = user, "sign-in"
	who.mu.Unlock()
	v.renew(w, r, who)
}

// signOut makes the browser a new visitor, who does not see what the account did.
func (v *visitors) signOut(w http.ResponseWriter, r *http.Request, how string) {
	v.mu.Lock()
	v.remove(visitorOf(r).session)
	v.mu.Unlock()
	v.renew(w, r, &visitor{last: how})
}

// show lets everybody who is signed in to an account see a message on their page.
func (v *visitors) show(user, messageID string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, who := range v.bySID {
		who.mu.Lock()
		if who.user == user {
			who.shown = append(who.shown[max(0, len(who.shown)+1-maxIDs):], messageID)
		}
		who.mu.Unlock()
	}
}
