package consent

import (
	"slices"

	"github.com/go-consent/segment/internal/names"
)

// A Gate is the Router of a service that cannot be told which destinations are denied, or does not
// document that it respects that. A message leaves only if every destination behind the service is
// allowed. A Gate adds nothing to a message. It drops the application's integrations, which can
// only make it suppress more.
//
// If the service is itself a destination, Destinations holds its name in the policy. If it passes
// events on, Destinations holds every destination that is connected there, and the service itself
// if it keeps what it gets. The zero Gate suppresses every message.
type Gate struct {
	Destinations []string // exactly as the policy names them, an alias included
}

// Route implements [Router].
func (g Gate) Route(d Decision, _ State, integrations map[string]any) Route {
	sent := d.only(g.Destinations).Narrow(integrations)
	allowed, denied := 0, 0
	for v := range sent.Verdicts() {
		if v.Allowed {
			allowed++
		} else {
			denied++
		}
	}
	switch {
	case allowed == 0:
		return Route{Decision: sent, Suppressed: SuppressedNothingAllowed}
	case denied > 0:
		return Route{Decision: sent, Suppressed: SuppressedUnstoppable}
	default:
		return Route{Decision: sent}
	}
}

// only returns d with verdicts for those destinations alone, each under all its names. One without
// a verdict gets that of the unlisted ones, unless a verdict denies it in another casing.
func (d Decision) only(destinations []string) Decision {
	if d.body == nil {
		return d
	}
	listed, denied := make(map[string]bool), make(map[string]bool)
	wanted := make(map[string]bool) // by primary name
	for _, v := range d.body.verdicts {
		listed[v.Destination] = true
		if !v.Allowed {
			denied[names.Fold(v.Destination)] = true
		}
		if slices.Contains(destinations, v.Destination) {
			wanted[v.primary()] = true
		}
	}
	body := &decision{categories: d.body.categories, answered: d.body.answered}
	for _, v := range d.body.verdicts {
		if wanted[v.primary()] {
			body.verdicts = append(body.verdicts, v)
		}
	}
	for _, name := range destinations {
		switch {
		case listed[name]:
		case d.body.unlisted && isDestination(name) && !denied[names.Fold(name)]:
			body.verdicts = append(body.verdicts, Verdict{Destination: name, Allowed: true, Reason: ReasonUnlisted})
		default:
			body.verdicts = append(body.verdicts, Verdict{Destination: name, Reason: ReasonNotListed})
		}
	}
	return Decision{body}
}
