package preferences

import (
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/nils"
)

// fit returns what is stored: state, or less of it if that does not fit the cookie. An answer
// that only grants gives up only grants that the policy does not know, and otherwise fails. A
// denial gives up more, in steps that each only deny more; the last step is shortest.
func (h Handler) fit(public *http.Request, state consent.State, c change) (kept, error) {
	if c.known.byCategory {
		state = h.byCategory(state)
	}
	k, err := h.keep(public, state, c.known)
	if err == nil {
		return k, nil
	}
	denies := c.denies(c.known)
	for _, shorter := range h.shorter(state, c.known, denies) {
		if k, err := h.keep(public, shorter, c.known); err == nil {
			if denies {
				err = ErrShortened
			}
			return k, err
		}
	}
	if !denies {
		return kept{}, err
	}
	short, wide := h.shortest(c.known)
	k, shortErr := h.keep(public, short, c.known)
	if shortErr != nil || wide {
		return kept{}, errors.Join(err, ErrPolicy)
	}
	return k, ErrShortened
}

// byCategory returns s without destinations, unless that would allow one.
func (h Handler) byCategory(s consent.State) consent.State {
	alone := consent.NewState(maps.Collect(s.Categories()))
	if opensMore(h.Policy.Decide(s), h.Policy.Decide(alone)) {
		return s
	}
	return alone
}

// shorter returns what is left of full after each step that only denies more, longest first.
func (h Handler) shorter(full consent.State, known vocabulary, denies bool) []consent.State {
	isKnown := func(name string) bool { return known.folded[names.Fold(name)] }
	steps := []func(name string, granted, category bool) bool{ // reports what to leave out
		func(name string, granted, _ bool) bool { return granted && !isKnown(name) },
	}
	if denies {
		implied := h.deniedByEveryCategory(full, known)
		steps = append(steps,
			func(name string, _, _ bool) bool { return !isKnown(name) },
			func(_ string, granted, category bool) bool { return granted && !category },
			func(name string, granted, category bool) bool { return !granted && !category && implied[name] },
		)
	}
	var list []consent.State
	state := full
	for _, leaveOut := range steps {
		categories, destinations := maps.Collect(state.Categories()), maps.Collect(state.Destinations())
		maps.DeleteFunc(categories, func(name string, granted bool) bool { return leaveOut(name, granted, true) })
		maps.DeleteFunc(destinations, func(name string, granted bool) bool { return leaveOut(name, granted, false) })
		next := consent.NewState(categories)
		if state.AskedByDestination() {
			next = next.WithDestinations(destinations)
		}
		if next == state || opensMore(h.Policy.Decide(full), h.Policy.Decide(next)) {
			continue
		}
		state = next
		list = append(list, state)
	}
	return list
}

// deniedByEveryCategory returns the names of destinations that have categories, all of which are
// denied.
func (h Handler) deniedByEveryCategory(s consent.State, known vocabulary) map[string]bool {
	implied := make(map[string]bool)
	for _, category := range known.policy {
		alone := consent.NewState(map[string]bool{category: false})
		for v := range h.Policy.Decide(alone).Verdicts() {
			if v.Allowed || v.Reason != consent.ReasonCategoryDenied {
				continue
			}
			before, ok := implied[v.Destination]
			implied[v.Destination] = (before || !ok) && s.Category(category) == consent.Denied
		}
	}
	return implied
}

// shortest returns the shortest answer that denies everything the policy lists, and whether it
// still allows something: every category denied, no destination granted, and those denied by name
// that would otherwise be allowed.
func (h Handler) shortest(known vocabulary) (s consent.State, wide bool) {
	categories, destinations := make(map[string]bool), make(map[string]bool)
	for _, name := range known.policy {
		categories[name] = false
	}
	s = consent.NewState(categories)
	denied := h.Policy.Decide(consent.State{})
	if known.byCategory {
		return s, opensMore(denied, h.Policy.Decide(s))
	}
	s = s.WithDestinations(destinations)
	for v := range h.Policy.Decide(s).Verdicts() {
		if v.Allowed && !denied.Allows(v.Destination) {
			destinations[primaryOf(v)] = false
		}
	}
	s = s.WithDestinations(destinations)
	return s, opensMore(denied, h.Policy.Decide(s))
}

// opensMore reports whether anything is allowed after that was denied before.
func opensMore(before, after consent.Decision) bool {
	if after.Unlisted() && !before.Unlisted() {
		return true
	}
	for v := range after.Verdicts() {
		if v.Allowed && !before.Allows(v.Destination) {
			return true
		}
	}
	for v := range before.Verdicts() {
		if !v.Allowed && after.Allows(v.Destination) {
			return true
		}
	}
	granted := maps.Collect(before.Categories())
	for name, open := range after.Categories() {
		if open && !granted[name] {
			return true
		}
	}
	return false
}

// Check returns everything that is wrong with the configuration: no Policy, a nil Signal, a Codec
// that does not read what it writes or has no place for a category of the Policy, a cookie of
// categories alone with a Policy that needs denials by name, a cookie that browsers refuse (set
// Secure if SameSite=None or Partitioned need it, also behind a proxy that terminates TLS), and a
// Policy with so many names that not even the denial of everything fits the cookie. Call it when
// the program starts. Without it, a Handler still refuses answers that it cannot store.
func (h Handler) Check() error {
	wrong := []error{h.checkSignals()}
	if nils.Is(h.Policy) {
		return errors.Join(append(wrong, ErrNoPolicy)...)
	}
	known := vocabularyOf(h.Policy, consent.NewState(nil))
	if _, byCategory, _ := h.sample(probe, known); byCategory {
		known = known.withoutDestinations()
	}
	short, wide := h.shortest(known)
	if wide {
		wrong = append(wrong, fmt.Errorf("%w: it cannot deny everything", ErrPolicy))
	}
	if _, err := h.keep(new(http.Request), short, known); err != nil {
		wrong = append(wrong, fmt.Errorf("preferences: the denial of everything: %w", err))
	}
	return errors.Join(wrong...)
}
