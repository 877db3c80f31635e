package preferences

import (
	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// A vocabulary is what an answer may name: the names in the policy, and those already
// in the visitor's cookie.
type vocabulary struct {
	policy       []string            // the policy's categories
	listed       []string            // the policy's destinations, without their aliases
	categories   map[string]bool     // the policy's, and the cookie's
	destinations map[string][]string // to every name of the destination, its own included
	folded       map[string]bool     // the policy's names, folded as for denials
	byCategory   bool                // the cookie holds no answers for destinations
}

// withoutDestinations returns v for a cookie that holds answers by category alone.
func (v vocabulary) withoutDestinations() vocabulary {
	v.listed, v.destinations, v.byCategory = nil, nil, true
	return v
}

func vocabularyOf(p consent.Policy, held consent.State) vocabulary {
	v := vocabulary{
		categories:   make(map[string]bool),
		destinations: make(map[string][]string),
		folded:       make(map[string]bool),
	}
	d := p.Decide(consent.NewState(nil))
	for name := range d.Categories() {
		v.policy = append(v.policy, name)
		v.categories[name] = true
		v.folded[names.Fold(name)] = true
	}
	byPrimary := make(map[string][]string)
	for verdict := range d.Verdicts() {
		primary := primaryOf(verdict)
		if byPrimary[primary] == nil {
			v.listed = append(v.listed, primary)
		}
		byPrimary[primary] = append(byPrimary[primary], verdict.Destination)
	}
	for verdict := range d.Verdicts() {
		v.destinations[verdict.Destination] = byPrimary[primaryOf(verdict)]
		v.folded[names.Fold(verdict.Destination)] = true
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
