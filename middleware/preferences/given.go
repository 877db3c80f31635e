package preferences

import "net/http"

// A given answer is what a request says; all its names are known.
type given struct {
	categories, destinations map[string]bool
	whole                    bool // it is meant for every category
	redirect                 string
}

func newGiven() given {
	return given{categories: make(map[string]bool), destinations: make(map[string]bool)}
}

func (g given) isEmpty() bool { return len(g.categories)+len(g.destinations) == 0 }

// grants reports whether anything is granted.
func (g given) grants() bool {
	for _, section := range []map[string]bool{g.categories, g.destinations} {
		for _, granted := range section {
			if granted {
				return true
			}
		}
	}
	return false
}

// denies reports whether anything is denied, explicitly or by being left out.
func (g given) denies(known vocabulary) bool {
	for _, section := range []map[string]bool{g.categories, g.destinations} {
		for _, granted := range section {
			if !granted {
				return true
			}
		}
	}
	return g.whole && !g.namesEveryCategory(known)
}

// byEveryName returns the answers for destinations under each of their names. If the
// request has several of them, a denial counts.
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
	for _, name := range known.policy {
		if _, ok := g.categories[name]; !ok {
			return false
		}
	}
	return true
}

// namesEverything reports whether the answer covers every category, so that it replaces
// answers by name. If there is only one category, an answer for it does not count as
// that.
func (g given) namesEverything(known vocabulary) bool {
	return g.whole || len(known.policy) > 1 && g.namesEveryCategory(known)
}

func wrong(reason string) *refusal { return refused(http.StatusBadRequest, reason) }

// Reasons that both kinds of body share.
const (
	reasonEmpty       = "The answer names nothing."
	reasonTwice       = "The answer names something twice."
	reasonCategory    = "The answer names an unknown category."
	reasonDestination = "The answer names an unknown destination."
	reasonByCategory  = "The site's cookie holds no answer for a destination."
	reasonBoolean     = "The answer for a name is neither true nor false."
	reasonField       = "The answer has an unknown field."
	reasonTooLong     = "The answer is too long."
)

// add adds an answer to a section of g, which is its categories or destinations.
func add(section map[string]bool, name string, granted, known bool, unknown string) *refusal {
	if !known {
		return wrong(unknown)
	}
	if _, ok := section[name]; ok {
		return wrong(reasonTwice)
	}
	section[name] = granted
	return nil
}

func (g given) addCategory(name string, granted bool, known vocabulary) *refusal {
	return add(g.categories, name, granted, known.categories[name], reasonCategory)
}

func (g given) addDestination(name string, granted bool, known vocabulary) *refusal {
	if known.byCategory {
		return refused(http.StatusUnprocessableEntity, reasonByCategory)
	}
	_, ok := known.destinations[name]
	return add(g.destinations, name, granted, ok, reasonDestination)
}
