package preferences_test

import (
	"encoding/json"

	"github.com/go-consent/segment/consent"
)

// An answered is the intended meaning of a visitor's answer.
type answered struct {
	categories, destinations m
	whole, everything        bool // for every category; a denial of everything
}

// answer returns a random answer, and its meaning. It may use names that are in the cookie.
func (v *visitor) answer(held consent.State) (kind, body string, a answered) {
	a = answered{categories: make(m), destinations: make(m)}
	coin := func() bool { return v.random.IntN(2) == 0 }
	for _, name := range []string{"analytics", "advertising", "functional"} {
		if v.random.IntN(3) == 0 {
			a.categories[name] = coin()
		}
	}
	names := []string{"Amplitude", "Actions Amplitude", "Heap", "Facebook Pixel", "Braze", "Braze Web", "By Name", "Server"}
	for name := range held.Destinations() {
		if _, listed := v.primary(name); !listed {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if v.random.IntN(8) == 0 {
			a.destinations[name] = coin()
		}
	}
	if len(a.categories)+len(a.destinations) == 0 {
		a.categories["analytics"] = coin()
	}
	switch v.random.IntN(4) {
	case 0:
		preset := []string{"accept", "deny"}[v.random.IntN(2)]
		a = answered{categories: make(m), whole: true, everything: preset == "deny"}
		for name := range v.config.Categories {
			a.categories[name] = preset == "accept"
		}
		return "application/x-www-form-urlencoded", "answer=" + preset, a
	case 1:
		fields := map[string]string{"answer": "save"}
		for name, granted := range a.categories {
			fields["category."+name] = map[bool]string{true: "on", false: "false"}[granted]
		}
		for name, granted := range a.destinations {
			fields["destination."+name] = map[bool]string{true: "true", false: "false"}[granted]
		}
		for name := range v.config.Categories {
			if _, ok := a.categories[name]; !ok {
				a.categories[name] = false // it is not in the form
			}
		}
		a.whole = true
		body = form(fields)
		kind = "application/x-www-form-urlencoded"
	default:
		encoded, _ := json.Marshal(map[string]m{"categories": a.categories, "destinations": a.destinations})
		body = string(encoded)
		kind = "application/json"
	}
	a.whole = a.whole || len(a.categories) == len(v.config.Categories)
	return kind, body, a
}

// remember notes what the answer denies, and which earlier denials it names.
func (v *visitor) remember(held consent.State, a answered) {
	if held.Rest() == consent.Denied {
		// What the answer does not name is denied. Which names those were is unknown.
		clear(v.named)
		clear(v.unlisted)
		v.denyEverything(held)
	}
	if a.whole {
		for primary := range disturbedDestinations {
			if len(v.categoriesOf(primary)) > 0 {
				delete(v.named, primary)
			}
		}
	}
	for name, granted := range a.categories {
		v.category[name] = !granted
	}
	if all := v.category; all["analytics"] && all["advertising"] && all["functional"] {
		v.denyEverything(held)
	}
	denied := make(map[string]bool)
	for name, granted := range a.destinations {
		primary, listed := v.primary(name)
		switch {
		case !listed:
			v.unlisted[name] = !granted || v.everythingDenied()
		case !granted:
			denied[primary] = true
		default:
			delete(v.named, primary)
		}
	}
	for primary := range denied {
		v.named[primary] = true
	}
	for name, isDenied := range v.unlisted {
		if !isDenied {
			delete(v.unlisted, name)
		}
	}
}

func (v *visitor) everythingDenied() bool {
	return v.category["analytics"] && v.category["advertising"] && v.category["functional"]
}

// denyEverything notes a denial of everything: of each category, of destinations without one, and
// of names that only the cookie has.
func (v *visitor) denyEverything(held consent.State) {
	for name := range v.config.Categories {
		v.category[name] = true
	}
	for primary := range disturbedDestinations {
		if len(v.categoriesOf(primary)) == 0 {
			v.named[primary] = true
		}
	}
	for name := range held.Destinations() {
		if _, listed := v.primary(name); !listed {
			v.unlisted[name] = true
		}
	}
}

// checkDenials checks that what was denied is still denied.
func (v *visitor) checkDenials(state consent.State) {
	decision := v.policy.Decide(state)
	for category, denied := range v.category {
		if denied && state.Category(category) != consent.Denied {
			v.Fatalf("%s is %s in %s: %q", category, state.Category(category), state, v.history)
		}
	}
	for primary, names := range disturbedDestinations {
		denied := v.named[primary]
		for _, category := range v.categoriesOf(primary) {
			denied = denied || v.category[category]
		}
		for _, name := range names {
			if denied && decision.Allows(name) {
				v.Fatalf("%s is allowed for %s: %q", name, state, v.history)
			}
		}
	}
	for name := range v.unlisted {
		if decision.Allows(name) {
			v.Fatalf("%s is allowed for %s: %q", name, state, v.history)
		}
	}
}

// checkUnnamed checks that an answer changes nothing that it does not name: what was closed stays
// closed and, unless destinations are open without an answer, what was open stays open.
func (v *visitor) checkUnnamed(before, after consent.State, a answered) {
	was, is := v.policy.Decide(before), v.policy.Decide(after)
	for primary, names := range disturbedDestinations {
		named := false
		for _, category := range v.categoriesOf(primary) {
			_, ok := a.categories[category]
			named = named || ok
		}
		for _, name := range names {
			_, ok := a.destinations[name]
			named = named || ok
		}
		accepted := a.whole && a.categories["analytics"] && a.categories["advertising"] && len(v.categoriesOf(primary)) > 0
		if accepted && v.handler.Expand != nil && !v.named[primary] && !is.Allows(primary) {
			v.Fatalf("%s is accepted, and denied for %s: %q", primary, after, v.history)
		}
		if named {
			continue
		}
		if !was.Allows(primary) && is.Allows(primary) {
			v.Fatalf("%s becomes allowed from %s to %s: %q", primary, before, after, v.history)
		}
		if !v.config.OptOut && !v.everythingDenied() && was.Allows(primary) && !is.Allows(primary) {
			v.Fatalf("%s is closed from %s to %s: %q", primary, before, after, v.history)
		}
	}
}
