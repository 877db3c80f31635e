package consent

import (
	"maps"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/names"
)

const allKey = "All"

// A narrowing is what the integrations of a caller close. A caller may close what
// the Decision allows, never open what it denies.
type narrowing struct {
	all bool            // its "All", in any casing, is false
	off map[string]bool // folded names it sets to false
}

func narrowingOf(caller analytics.Integrations) narrowing {
	var n narrowing
	for name, value := range caller {
		switch folded := names.Fold(name); {
		case !isFalse(value):
		case folded == names.Fold(allKey):
			n.all = true
		default:
			if n.off == nil {
				n.off = make(map[string]bool)
			}
			n.off[folded] = true
		}
	}
	return n
}

// isFalse reports whether a value of frozen integrations is false in JSON. Segment takes
// any other value, null and 0 included, as true.
func isFalse(value any) bool {
	b, ok := value.(bool)
	return ok && !b
}

// narrow returns d less what the caller's integrations close: a destination is
// closed under any of its names, in any casing.
func (d Decision) narrow(caller analytics.Integrations) Decision {
	if len(caller) == 0 {
		return d
	}
	n := narrowingOf(caller)
	named, closed := make(map[string]bool), make(map[string]bool)
	for v := range d.Verdicts() {
		_, ok := caller[v.Destination]
		named[v.primary()] = named[v.primary()] || ok
		closed[v.primary()] = closed[v.primary()] || n.off[names.Fold(v.Destination)]
	}
	for primary := range named {
		closed[primary] = closed[primary] || n.all && !named[primary]
	}
	return d.deny(func(v Verdict) bool { return v.Allowed && closed[v.primary()] }, ReasonApplication)
}

// integrations returns the integrations object that carries out d, which narrow
// has seen. It is a new map: analytics-go reads it on another goroutine.
func (d Decision) integrations(s State, caller analytics.Integrations) analytics.Integrations {
	if d.Unlisted() {
		return d.openForm(s, caller)
	}
	return d.closedForm(caller)
}

// closedForm closes everything but the allowed destinations.
func (d Decision) closedForm(caller analytics.Integrations) analytics.Integrations {
	out := make(analytics.Integrations, len(d.body.verdicts)+2)
	out[allKey] = false
	out[names.Warehouses] = noWarehouses{}
	for _, v := range d.body.verdicts {
		if !v.Allowed {
			continue
		}
		if options, ok := caller[v.Destination]; ok {
			out[v.Destination] = options
		} else {
			out[v.Destination] = true
		}
	}
	return out
}

// openForm closes the denied destinations and opens none: an explicit true would
// override the filters an administrator set in the workspace.
func (d Decision) openForm(s State, caller analytics.Integrations) analytics.Integrations {
	out := make(analytics.Integrations, len(d.body.verdicts)+len(caller))
	allowed, denied := make(map[string]bool), make(map[string]bool)
	for _, v := range d.body.verdicts {
		if v.Allowed {
			allowed[v.Destination] = true
		} else {
			denied[names.Fold(v.Destination)] = true
		}
	}
	deniedByName := make(map[string]bool)
	for name, granted := range s.Destinations() {
		if !granted {
			deniedByName[names.Fold(name)] = true
		}
	}
	n := narrowingOf(caller)
	if n.all {
		out[allKey] = false
	}
	for name, options := range caller {
		switch folded := names.Fold(name); {
		case folded == names.Fold(allKey), folded == legacyProviders:
		case allowed[name]:
			out[name] = options
		case deniedByName[folded] || isFalse(options):
			out[name] = false // perhaps the right spelling of a name the visitor denied
		case !denied[folded]:
			out[name] = options
		}
	}
	warehouses := false
	for _, v := range d.body.verdicts {
		if !v.Allowed {
			out[v.Destination] = false
			warehouses = warehouses || names.IsWarehouse(v.Destination) || names.Fold(v.Destination) == names.Fold(names.Warehouses)
		}
	}
	if warehouses { // denied in whatever casing, or one kind of them
		out[names.Warehouses] = noWarehouses{}
	}
	return out
}

// legacyProviders is a key that @segment/facade reads destinations from, in the
// context and in the integrations object.
const legacyProviders = "providers"

// noWarehouses is the value that closes warehouses. It cannot be changed, and takes
// no memory.
type noWarehouses struct {
	All bool `json:"all"`
}

// contextOf makes of own, which is empty, the caller's context with the consent object of
// the state and its decision, and without the keys that could contradict either.
func contextOf(own, caller *analytics.Context, s State, d Decision) *analytics.Context {
	c := own
	if caller != nil {
		*c = *caller
	}
	extra := make(map[string]any, len(c.Extra)+1)
	for key, value := range c.Extra {
		if !contradicts(key) {
			extra[key] = value
		}
	}
	extra["consent"] = consentOf(s, d)
	c.Extra = extra
	return c
}

// contradicts reports whether a key of a context could override the consent object
// or the integrations: another casing of it, or one of those that older parts of
// Segment read integrations from (@segment/facade, and the HTTP API before it had
// an integrations object).
func contradicts(contextKey string) bool {
	switch names.Fold(contextKey) {
	case "consent", "integrations", "all", legacyProviders:
		return true
	}
	return false
}

// A consentObject is the consent object of a message.
type consentObject struct {
	Categories   map[string]bool `json:"categoryPreferences"`
	Destinations any             `json:"destinationPreferences"`
}

// consentOf returns the consent object. The visitor writes the cookie, so
// only names of the policy go into it.
func consentOf(s State, d Decision) consentObject {
	categories := make(map[string]bool, len(d.body.categories))
	for _, e := range d.body.categories {
		categories[e.name] = e.granted
	}
	return consentObject{categories, destinationPreferences(s, d)}
}

// destinationPreferences returns the visitor's answers for the destinations of the
// policy.
func destinationPreferences(s State, d Decision) any {
	if _, destinations := s.sections(); destinations == "" {
		return struct{}{}
	}
	answers := maps.Collect(s.Destinations())
	preferences := make(map[string]bool)
	for _, v := range d.body.verdicts {
		granted, answered := answers[v.Destination]
		switch {
		case v.Reason == ReasonUnlistedDenied || v.Reason == ReasonTooMany:
		case v.Reason == ReasonDestinationDenied:
			preferences[v.Destination] = false
		case answered:
			preferences[v.Destination] = granted
		}
	}
	return preferences
}
