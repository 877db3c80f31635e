package preferences

import (
	"maps"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/segment"
)

// A vocabulary is what an answer may name: what the policy does, and what the visitor's
// cookie does already.
type vocabulary struct {
	policy       []string            // the policy's categories
	categories   map[string]bool     // those and the cookie's
	destinations map[string][]string // to every name of the destination, its own included
}

func vocabularyOf(p consent.Policy, held consent.State) vocabulary {
	v := vocabulary{categories: make(map[string]bool), destinations: make(map[string][]string)}
	d := p.Decide(consent.NewState(nil))
	for name := range d.Categories() {
		v.policy = append(v.policy, name)
		v.categories[name] = true
	}
	byPrimary := make(map[string][]string)
	for verdict := range d.Verdicts() {
		primary := primaryOf(verdict)
		byPrimary[primary] = append(byPrimary[primary], verdict.Destination)
	}
	for verdict := range d.Verdicts() {
		v.destinations[verdict.Destination] = byPrimary[primaryOf(verdict)]
	}
	for name := range held.Categories() {
		v.categories[name] = true
	}
	for name := range held.Destinations() {
		if _, ok := v.destinations[name]; !ok && !segment.Reserved(name) {
			v.destinations[name] = []string{name}
		}
	}
	return v
}

func primaryOf(v consent.Verdict) string {
	if v.AliasOf != "" {
		return v.AliasOf
	}
	return v.Destination
}

// A given answer is what a request says, each name of it known.
type given struct {
	categories, destinations map[string]bool
	whole                    bool // it is meant for every category
	redirect                 string
}

// apply returns the State after the answer: what it does not name stays as held has it.
func (g given) apply(held consent.State, known vocabulary, expand func(consent.State) consent.State) consent.State {
	categories := maps.Collect(held.Categories())
	if g.whole || held.Rest() == consent.Denied { // denied: it could not be read
		for _, name := range known.policy {
			categories[name] = false
		}
	}
	maps.Copy(categories, g.categories)

	answered := g.byEveryName(known)
	destinations := maps.Collect(held.Destinations())
	maps.Copy(destinations, answered)
	state := consent.NewState(categories)
	if held.AskedByDestination() || len(answered) > 0 {
		state = state.WithDestinations(destinations)
	}
	if expand != nil {
		state = expand(state)
		destinations = maps.Collect(state.Destinations())
		if !g.namesEveryCategory(known) {
			keep(destinations, held, answered, expand)
		}
		for name, granted := range answered {
			destinations[name] = destinations[name] && granted
		}
	}
	if deniesEvery(categories, known.policy) {
		// The script goes by destinations alone, whatever the categories say.
		for name := range destinations {
			destinations[name] = false
		}
	}
	if state.AskedByDestination() {
		state = state.WithDestinations(destinations)
	}
	return state
}

// byEveryName returns the answers for destinations under each of their names. Where the
// request has two of them, a denial counts.
func (g given) byEveryName(known vocabulary) map[string]bool {
	answered := make(map[string]bool)
	for name, granted := range g.destinations {
		for _, other := range known.destinations[name] {
			before, ok := answered[other]
			answered[other] = granted && (before || !ok)
		}
	}
	return answered
}

func (g given) namesEveryCategory(known vocabulary) bool {
	if g.whole {
		return true
	}
	for _, name := range known.policy {
		if _, ok := g.categories[name]; !ok {
			return false
		}
	}
	return true
}

// keep restores what held says of destinations that its own categories would grant and
// that it denies, or that the visitor was not asked about: an answer about something
// else does not open them.
func keep(destinations map[string]bool, held consent.State, answered map[string]bool, expand func(consent.State) consent.State) {
	if !held.AskedByDestination() {
		return
	}
	for name, granted := range expand(held).Destinations() {
		if _, ok := answered[name]; ok || !granted {
			continue
		}
		switch held.Destination(name) {
		case consent.Denied:
			destinations[name] = false
		case consent.Unknown:
			delete(destinations, name)
		}
	}
}

// deniesEvery reports whether all of the named categories are denied.
func deniesEvery(categories map[string]bool, policy []string) bool {
	for _, name := range policy {
		if granted, ok := categories[name]; granted || !ok {
			return false
		}
	}
	return len(policy) > 0
}
