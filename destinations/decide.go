package destinations

import (
	"encoding/json"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// Decide returns the decision of the policy for s. For each destination D, the first of
// these rules that applies decides:
//
//  1. D is in Always: allowed.
//  2. The visitor denied D, an alias of it or one of its categories, in any
//     casing: denied.
//  3. D is not in the Config: denied, unless AllowUnlisted, or unless the Config
//     names no destination and the visitor granted D by name. Denied in any case
//     if nothing was read or the visitor denied every category.
//  4. The visitor was asked destination by destination, but not about D, and
//     neither Imply nor ServerOnly covers it: denied.
//  5. D has categories and the visitor granted all of them: allowed.
//  6. The visitor granted D, or an alias of it, by its exact name: allowed.
//  7. Allowed if OptOut, else denied.
//
// If the Config names no destination, the visitor's own list is limited to 64 names of
// at most 100 bytes each and 4 KiB as JSON, in the order of the names; the rest is
// denied.
func (p *Policy) Decide(s consent.State) consent.Decision {
	if p == nil {
		return consent.Decision{}
	}
	if d, ok, _ := p.seen.Get(s); ok {
		return d
	}
	d, own := p.decide(s)
	if len(s.String()) <= maxSeenState && own <= maxSeenOwn {
		p.seen.Put(s, d)
	}
	return d
}

// Limits of the cache of decisions: most visitors give one of a few answers.
const (
	seenSize     = 2 << 20 // bytes, in all
	maxSeenState = 2 << 10 // bytes, of the text of a State
	maxSeenOwn   = 16      // verdicts on destinations that only the visitor names
	verdictSize  = 72      // bytes
)

// decide decides, and returns how many verdicts are about destinations that only
// the visitor names.
func (p *Policy) decide(s consent.State) (d consent.Decision, ownVerdicts int) {
	a := p.read(s)
	verdicts := make([]consent.Verdict, 0, len(p.listed))
	touched, closed := make(map[string]bool), make(map[string]bool) // categories
	for _, d := range p.destinations {
		v := a.verdict(d)
		for _, category := range d.categories {
			touched[category] = touched[category] || v.Reason == consent.ReasonDestinationDenied
			closed[category] = closed[category] || !v.Allowed
		}
		verdicts = append(verdicts, v)
		v.AliasOf = d.name
		for _, alias := range d.aliases {
			v.Destination = alias
			verdicts = append(verdicts, v)
		}
	}
	own, complete := a.own()
	unlisted := p.allowUnlisted && !a.closed() && complete
	preferences := a.preferences(func(category string) bool {
		if !a.asked && !touched[category] {
			return a.optOut
		}
		return a.covers[category] && !closed[category]
	})
	return consent.NewDecision(preferences, append(verdicts, own...), unlisted), len(own)
}

// answers is a visitor's State as the rules ask about it.
type answers struct {
	*Policy
	state, given             consent.State // given: without what is presumed
	rest                     consent.Choice
	asked                    bool
	categories, destinations section
}

// A section is one half of a State. A grant counts under its exact name, a denial
// under every casing of it.
type section struct {
	granted map[string]bool
	denied  map[string]string // folded name to the name in the answer
}

func (s section) add(name string, granted bool) {
	if granted {
		s.granted[name] = true
	} else {
		s.denied[names.Fold(name)] = name
	}
}

func (p *Policy) read(s consent.State) answers {
	a := answers{
		Policy: p, state: s, given: s.Given(), rest: s.Rest(), asked: s.AskedByDestination(),
		categories:   section{make(map[string]bool), make(map[string]string)},
		destinations: section{make(map[string]bool), make(map[string]string)},
	}
	for name, granted := range s.Categories() {
		a.categories.add(name, granted)
	}
	for name, granted := range s.Destinations() {
		a.destinations.add(name, granted)
	}
	return a
}

// answer returns the choice for a name, and whether it has an answer of its own,
// with the name it was given under.
func (a answers) answer(s section, name, folded string) (choice consent.Choice, given string) {
	if given, ok := s.denied[folded]; ok {
		return consent.Denied, given
	}
	if s.granted[name] {
		return consent.Granted, name
	}
	return a.rest, ""
}

func (a answers) category(name string) (consent.Choice, string) {
	return a.answer(a.categories, name, names.Fold(name))
}

// verdict applies the rules to a destination of the Config.
func (a answers) verdict(d destination) consent.Verdict {
	verdict := func(allowed bool, reason consent.Reason, cause string) consent.Verdict {
		return consent.Verdict{Destination: d.name, Allowed: allowed, Reason: reason, Cause: cause}
	}
	if d.always {
		return verdict(true, consent.ReasonAlways, "")
	}

	named, granted := false, false
	var grantedAs string
	for i, name := range d.names {
		choice, given := a.answer(a.destinations, name, d.folded[i])
		if choice == consent.Denied {
			return a.denied(verdict, consent.ReasonDestinationDenied, given)
		}
		named = named || given != ""
		if choice == consent.Granted && grantedAs == "" {
			granted, grantedAs = true, given
		}
	}
	everyCategory := len(d.categories) > 0
	for _, name := range d.categories {
		choice, given := a.category(name)
		if choice == consent.Denied {
			return a.denied(verdict, consent.ReasonCategoryDenied, given)
		}
		everyCategory = everyCategory && choice == consent.Granted
	}

	switch {
	case a.asked && !named && !a.imply && !d.serverOnly:
		return verdict(false, consent.ReasonNotOffered, "")
	case everyCategory && !a.gave(d.categories):
		return verdict(true, consent.ReasonPresumed, "")
	case everyCategory:
		return verdict(true, consent.ReasonCategoriesGranted, d.categories[0])
	case granted && (grantedAs == "" || a.given.Destination(grantedAs) != consent.Granted):
		return verdict(true, consent.ReasonPresumed, "")
	case granted:
		return verdict(true, consent.ReasonDestinationGranted, grantedAs)
	case a.optOut:
		return verdict(true, consent.ReasonOptOut, "")
	default:
		return verdict(false, consent.ReasonNoAnswer, "")
	}
}

// gave reports whether the visitor granted every one of the categories by name, as opposed to
// grants of the rest or of a Default.
func (a answers) gave(categories []string) bool {
	for _, name := range categories {
		if a.given.Category(name) != consent.Granted || !a.categories.granted[name] {
			return false
		}
	}
	return true
}

// denied is the verdict of a denial. A denial by the rest has no cause.
func (a answers) denied(verdict func(bool, consent.Reason, string) consent.Verdict, reason consent.Reason, given string) consent.Verdict {
	if given == "" {
		return verdict(false, a.restDenied(), "")
	}
	return verdict(false, reason, given)
}

// restDenied is the reason if the rest denies. A State that holds an answer was read.
func (a answers) restDenied() consent.Reason {
	if a.state.Answered() {
		return consent.ReasonRestDenied
	}
	return consent.ReasonNothingRead
}

// closed reports whether nothing that the Config does not name may be open.
func (a answers) closed() bool {
	for _, name := range a.Policy.categories {
		if choice, _ := a.category(name); choice != consent.Denied {
			return a.rest == consent.Denied
		}
	}
	return true
}

// preferences returns every category of the policy as the consent object shows it. For a category
// without an answer, unknown decides.
func (a answers) preferences(unknown func(category string) bool) map[string]bool {
	m := make(map[string]bool, len(a.Policy.categories))
	for _, name := range a.Policy.categories {
		choice, _ := a.category(name)
		m[name] = choice == consent.Granted || choice == consent.Unknown && unknown(name)
	}
	return m
}

// Limits of a visitor's own list of destinations, which may be a forged cookie.
const (
	maxOwnNames    = 64
	maxOwnNameSize = 100
	maxOwnSize     = 4 << 10 // as a JSON object
)

// own returns the verdicts for destinations that the visitor names and the Config
// does not, and whether all of them fit within the limits. Where the Config names
// destinations, only denials count.
func (a answers) own() (verdicts []consent.Verdict, complete bool) {
	complete = true
	count, size := 0, len("{}")
	closed := a.closed()
	for name := range a.state.Destinations() {
		given, isDenied := a.destinations.denied[names.Fold(name)]
		if names.Fold(name) == "" || segment.Reserved(name) || a.listed[name] || !isDenied && !a.byVisitor {
			continue
		}
		v := consent.Verdict{Destination: name, Cause: given}
		entry := jsonSize(name) + len(`:false,`)
		switch {
		case len(name) > maxOwnNameSize || count == maxOwnNames || size+entry > maxOwnSize:
			complete = false
			v.Reason = consent.ReasonTooMany
			verdicts = append(verdicts, v)
			continue
		case isDenied && a.byVisitor:
			v.Reason = consent.ReasonDestinationDenied
		case isDenied:
			v.Reason = consent.ReasonUnlistedDenied
		case a.rest == consent.Denied:
			v.Reason = a.restDenied()
		case closed:
			v.Reason = consent.ReasonCategoryDenied
		case a.given.Destination(name) != consent.Granted:
			v.Allowed, v.Reason = true, consent.ReasonPresumed
		default:
			v.Allowed, v.Reason, v.Cause = true, consent.ReasonDestinationGranted, name
		}
		verdicts = append(verdicts, v)
		count++
		size += entry
	}
	return verdicts, complete
}

func jsonSize(name string) int {
	b, _ := json.Marshal(name) // a string always marshals
	return len(b)
}
