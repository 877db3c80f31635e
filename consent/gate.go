package consent

// A Gate is the Router of a service that cannot be told, or is not documented to heed it:
// a message leaves only if everybody who gets it there is allowed to. It adds nothing to
// a message, and drops the application's integrations, which can only suppress it too.
//
// For a service that is a destination itself, Destinations is its name in the policy. For
// one that passes events on, it is every destination that is connected there, with the
// service itself if it keeps what it gets. The zero Gate suppresses every message.
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

// only returns d for those destinations alone. One without a verdict gets that of the
// unlisted ones.
func (d Decision) only(destinations []string) Decision {
	if d.body == nil {
		return d
	}
	verdicts := make(map[string]Verdict, len(d.body.verdicts))
	for _, v := range d.body.verdicts {
		verdicts[v.Destination] = v
	}
	body := &decision{categories: d.body.categories, answered: d.body.answered}
	for _, name := range destinations {
		v, ok := verdicts[name]
		switch {
		case ok:
			v.AliasOf = ""
		case d.Allows(name):
			v = Verdict{Destination: name, Allowed: true, Reason: ReasonUnlisted}
		default:
			v = Verdict{Destination: name, Reason: ReasonNotListed}
		}
		body.verdicts = append(body.verdicts, v)
	}
	return Decision{body}
}
