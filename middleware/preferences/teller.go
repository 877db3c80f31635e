package preferences

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/nils"
)

// A Teller tells a router of a visitor's answer, as [consent.Client] tells Segment. It is
// called once the cookie is written, from many goroutines at once. The answer stands
// whatever it returns; the error goes to OnError.
//
// If it has a method Opens(consent.State) bool, as [consent.Client] has, that says whether an
// answer leaves anything open, for [Handler.ForgetIdentity]. Without one, what Segment can
// enforce says so.
type Teller interface {
	Tell(consent.Answer) error
}

// given reports a new answer after it was written, unless there was and is none. The
// channel is that of record, or nil.
func (h Handler) given(w http.ResponseWriter, r, public *http.Request, held, state consent.State) (recorded <-chan struct{}) {
	if held != consent.NewState(nil) || state != consent.NewState(nil) {
		if err := h.tell(r, state); err != nil {
			h.report(r, fmt.Errorf("preferences: telling the answer: %w", err))
		}
		recorded = h.record(r, held, state)
	}
	after := h.decide(r, state)
	narrowed := narrows(h.decide(r, held), after)
	if narrowed && isSecure(public) {
		// Pages rendered for the previous answer would start what that allowed.
		w.Header().Set("Clear-Site-Data", `"cache"`)
	}
	if h.ForgetIdentity && (narrowed || !h.opens(r, state, after)) {
		cookie.ForgetIdentity(w, public)
	}
	return recorded
}

// isSecure reports whether the browser sent r over TLS, which a proxy may have terminated.
func isSecure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://")
}

func (h Handler) tell(r *http.Request, state consent.State) error {
	if nils.Is(h.Client) {
		return consent.ErrNoClient
	}
	a := consent.Answer{State: h.effective(r, state), Forgotten: state == consent.NewState(nil)}
	if h.AnonymousID != nil {
		a.AnonymousID = h.AnonymousID(r)
	} else {
		a.AnonymousID = cookie.AnonymousID(r)
	}
	if h.UserID != nil {
		a.UserID = h.UserID(r)
	}
	return h.Client.Tell(a)
}

// opens reports whether a message leaves for a destination that needs consent, where d is what
// the Policy makes of the state.
func (h Handler) opens(r *http.Request, state consent.State, d consent.Decision) bool {
	if o, ok := h.Client.(interface{ Opens(consent.State) bool }); ok && !nils.Is(h.Client) {
		return o.Opens(h.effective(r, state))
	}
	d, suppressed := consent.AtSegment(d)
	if suppressed != "" {
		return false
	}
	for v := range d.Verdicts() {
		if v.Allowed && v.Reason != consent.ReasonAlways {
			return true
		}
	}
	return d.Unlisted()
}

// narrows reports whether anything that is allowed before is denied after.
func narrows(before, after consent.Decision) bool {
	for v := range before.Verdicts() {
		if v.Allowed && !after.Allows(v.Destination) {
			return true
		}
	}
	closed := make(map[string]bool)
	for name, granted := range after.Categories() {
		closed[name] = !granted
	}
	for name, granted := range before.Categories() {
		if granted && closed[name] {
			return true
		}
	}
	return before.Unlisted() && !after.Unlisted()
}
