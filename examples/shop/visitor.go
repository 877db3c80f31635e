package main

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
)

const (
	visitorCookie = "shop-visitor"

	// anonymous is the id of every visitor who has agreed to none. Segment requires
	// one, and this one singles out nobody.
	anonymous = "anonymous"
)

// visitor returns the id under which Segment knows the visitor. An id in a cookie
// recognises people, so it needs consent like any other use of their data: it is
// given to those who allow a destination, and taken back from those who no longer
// do. The event that reports a withdrawal still has the id, to be filed under it.
func (s *shop) visitor(w http.ResponseWriter, r *http.Request, state consent.State) string {
	id, known := anonymous, false
	if c, err := r.Cookie(visitorCookie); err == nil && isVisitorID(c.Value) {
		id, known = strings.Clone(c.Value), true // a part of the header, which a message would keep
	}
	switch agreed := s.agreed(state); {
	case agreed && !known:
		id = rand.Text()
		http.SetCookie(w, visitorIDCookie(r, id, 0))
	case !agreed && known:
		http.SetCookie(w, visitorIDCookie(r, "", -1))
	}
	return id
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

func visitorIDCookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: visitorCookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	}
}

// isVisitorID reports whether id looks like one of rand.Text: whoever sends the
// request writes the cookie.
func isVisitorID(id string) bool {
	for _, c := range id {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return len(id) == 26
}
