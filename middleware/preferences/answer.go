package preferences

import (
	"maps"
	"net/http"

	"github.com/go-consent/segment/consent"
)

// answer takes a new answer. The channel is that of given, or nil.
func (h Handler) answer(w http.ResponseWriter, r *http.Request) (recorded <-chan struct{}, problem *refusal) {
	public := h.public(r)
	if problem := h.admit(r, public); problem != nil {
		return nil, problem
	}
	held := h.held(r)
	known := vocabularyOf(h.Policy, held)
	sample, byCategory, sampleErr := h.sample(probe, known)
	if byCategory {
		known = known.withoutDestinations()
	}
	g, problem := h.readAnswer(w, public, known)
	if problem != nil {
		return nil, problem
	}
	if sampleErr != nil {
		h.report(r, sampleErr)
		return nil, refused(http.StatusUnprocessableEntity, reasonCookie)
	}
	c := change{g, held, readDenials(r, sample.Name+companionSuffix, held), known, h.Policy, h.Expand}
	if byCategory {
		c.expand = nil
	}
	c.expand = c.expansion()
	state := c.state()
	hostKnown := knowsHost(public, sample)
	if !hostKnown {
		h.report(r, ErrHost)
		if g.grants() {
			problem = refused(http.StatusInternalServerError, "The grants of the answer cannot be stored.")
		}
		if drops(public, sample) {
			return nil, refused(http.StatusInternalServerError, "The answer cannot be stored.")
		}
		if !g.denies(known) {
			return nil, problem
		}
		state = withoutNewGrants(state, held)
	}
	k, err := h.fit(public, state, c)
	h.report(r, err)
	if k.set == nil {
		return nil, refused(http.StatusUnprocessableEntity, reasonCookie)
	}
	if !hostKnown {
		k = k.forHostAlone()
		public.Host = ""
	}
	h.setCookies(w, public, k, c.expand != nil, c.after(k.state))
	if hostKnown {
		// Other copies would still count. The answer is the first line of its name.
		h.report(r, h.codec().ForgetCopies(w, public))
	}
	recorded = h.given(w, r, public, held, k.state)
	switch {
	case problem != nil:
	case g.redirect != "":
		w.Header().Set("Location", h.pageOrigin(public)+g.redirect)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusSeeOther)
	default:
		h.show(w, r, k.state)
	}
	return recorded, problem
}

const reasonCookie = "The answer does not fit a cookie."

// forget drops the answer. The channel is that of given, or nil.
func (h Handler) forget(w http.ResponseWriter, r *http.Request) (recorded <-chan struct{}, problem *refusal) {
	public := h.public(r)
	if problem := h.admit(r, public); problem != nil {
		return nil, problem
	}
	held := h.held(r)
	known := vocabularyOf(h.Policy, held)
	sample, _, err := h.sample(probe, known)
	if err == nil && !knowsHost(public, sample) {
		err = ErrHost
	}
	if err == nil {
		err = h.expireCookies(w, public, known)
	}
	if err != nil {
		h.report(r, err)
		return nil, refused(http.StatusInternalServerError, reasonForget)
	}
	recorded = h.given(w, r, public, held, consent.NewState(nil))
	h.show(w, r, consent.NewState(nil))
	return recorded, nil
}

const reasonForget = "The answer cannot be forgotten."

// admit refuses requests that may not change anything.
func (h Handler) admit(r, public *http.Request) *refusal {
	protection := h.CrossOrigin
	if protection == nil {
		protection = new(http.CrossOriginProtection)
	}
	if protection.Check(public) != nil {
		return refused(http.StatusForbidden, "The request comes from another site.")
	}
	if h.Policy == nil {
		h.report(r, ErrNoPolicy)
		return refused(http.StatusInternalServerError, "No answer is taken here.")
	}
	return nil
}

// withoutNewGrants returns s with nothing granted that held does not grant.
func withoutNewGrants(s, held consent.State) consent.State {
	keep := func(section map[string]bool, before func(string) consent.Choice) {
		for name, granted := range section {
			switch {
			case !granted:
			case before(name) == consent.Unknown:
				delete(section, name)
			default:
				section[name] = before(name) == consent.Granted
			}
		}
	}
	categories, destinations := maps.Collect(s.Categories()), maps.Collect(s.Destinations())
	keep(categories, held.Category)
	keep(destinations, held.Destination)
	state := consent.NewState(categories)
	if s.AskedByDestination() {
		state = state.WithDestinations(destinations)
	}
	return state
}
