package consent

import (
	"fmt"
	"maps"

	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// A stamp is what the messages of one visitor leave with. It is made once for a Decision and a
// State, and shared: do not write to it.
type stamp struct {
	state      State
	decision   Decision // as the router can carry it out
	by         *shared  // whose router made it, or nil for Segment
	suppressed Reason   // why no message leaves, or ""
	alias      Reason   // why no Alias leaves, or ""
	update     bool     // it is that of an update of preferences

	integrations map[string]any  // for a message without any of the application's own
	size         int             // of those as JSON, at most
	extra        map[string]any  // of a message's Context without any: only what the router adds
	replaces     map[string]bool // folded keys under which the Context's own values are dropped
}

// stampFor returns the stamp for a visitor who answered state.
func (s *shared) stampFor(d Decision, state State) *stamp {
	if d.body == nil {
		return &stamp{state: state, suppressed: SuppressedNothingAllowed, alias: SuppressedNothingAllowed}
	}
	slot, by := &d.body.stamp, (*shared)(nil)
	if !s.isSegment() {
		slot, by = &d.body.routed, s
	}
	if made := slot.Load(); made != nil && made.state == state && made.by == by {
		return made
	}
	made := s.makeStamp(d, state)
	made.by = by
	slot.Store(made)
	return made
}

func (s *shared) isSegment() bool { return s.router == Router(Segment{}) }

func (s *shared) makeStamp(d Decision, state State) *stamp {
	route := s.route(d.under(state), state, nil)
	made := &stamp{state: state, decision: route.Decision, suppressed: route.Suppressed, alias: route.Suppressed}
	if route.Suppressed != "" {
		return made
	}
	if !s.carry(made, route) {
		return made
	}
	if route.Decision.denies() || state.Denials() != NewState(nil) {
		made.alias = SuppressedAlias
	}
	return made
}

// carry gives the stamp what messages of the route carry. It reports false, and suppresses
// them, if that has no JSON form.
func (s *shared) carry(made *stamp, route Route) bool {
	if err := made.fill(route.Integrations, route.Context); err != nil {
		s.log("consent: the Router returned what has no JSON form")
		made.suppressed, made.alias = SuppressedRouter, SuppressedRouter
		return false
	}
	return true
}

// route asks the router. If it panics, or returns nothing, the message is suppressed.
func (s *shared) route(d Decision, state State, integrations map[string]any) (r Route) {
	r = Route{Decision: d, Suppressed: SuppressedRouter}
	defer s.caught("Router")
	r = s.router.Route(d, state, integrations)
	if r.Decision.body == nil && r.Suppressed == "" {
		r.Suppressed = SuppressedNothingAllowed
	}
	return r
}

// fill gives the stamp what messages carry.
func (s *stamp) fill(integrations, context map[string]any) (err error) {
	s.integrations, s.extra, s.replaces = integrations, make(map[string]any), make(map[string]bool)
	for key, value := range context {
		s.replaces[names.Fold(key)] = true
		if value == nil {
			continue
		}
		if s.extra[key], err = delivery.MakeJSON(value); err != nil {
			return err
		}
	}
	_, s.size, err = delivery.Freeze(integrations)
	return err
}

// suppresses returns why a message of that kind is suppressed, or "".
func (s *stamp) suppresses(kind *delivery.Kind) Reason {
	if kind.IsAlias() {
		return s.alias
	}
	return s.suppressed
}

// put puts the stamp on a message of a client. It returns the decision as the application's
// integrations narrow it, the size of the message's integrations, and why those suppress it,
// or "".
func (s *stamp) put(m *delivery.Message, by *shared) (Decision, int, Reason, error) {
	if s.update {
		*m.Object, *m.Context, *m.Integrations = nil, nil, nil
	}
	if *m.Context != nil {
		*m.Own = **m.Context
	}
	*m.Context = m.Own
	m.Own.Extra = s.extraOf(m.Own.Extra)
	if len(*m.Integrations) == 0 {
		*m.Integrations = s.integrations
		return s.decision, s.size, "", nil
	}
	own, _, err := delivery.Freeze(maps.Clone(*m.Integrations)) // a router may return it
	if err != nil {
		return s.decision, 0, "", err
	}
	route := by.route(s.decision, s.state, own)
	*m.Integrations = route.Integrations
	return route.Decision, delivery.NotFrozen, route.Suppressed, nil
}

// extraOf returns the Extra of the caller's Context with that of the stamp, and without
// the keys that could contradict it.
func (s *stamp) extraOf(caller map[string]any) map[string]any {
	if len(caller) == 0 && len(s.extra) > 0 {
		return s.extra
	}
	extra := make(map[string]any, len(caller)+1)
	for key, value := range caller {
		if !s.replaces[names.Fold(key)] {
			extra[key] = value
		}
	}
	maps.Copy(extra, s.extra)
	return extra
}

// updateStamp is the stamp of an update of preferences, which leaves for Segment, or the
// service of an Updater, alone whatever the visitor answered. Segment refuses it without
// categories.
func (s *shared) updateStamp(d Decision, state State) (*stamp, error) {
	updater, told := s.router.(Updater)
	reason := ReasonUpdateEvent
	switch {
	case told:
		reason = ReasonUpdateRouted
	case !s.isSegment():
		return &stamp{state: state, decision: d, suppressed: SuppressedUpdate, update: true}, nil
	}
	if d.body == nil || len(d.body.categories) == 0 {
		return nil, fmt.Errorf("%w: the policy names no category", ErrNoPreferences)
	}
	answered := false
	for range state.Given().Categories() {
		answered = true
	}
	if !answered {
		return nil, fmt.Errorf("%w: the State names no category", ErrNoPreferences)
	}
	body := &decision{categories: d.body.categories}
	for _, v := range d.body.verdicts {
		v.Allowed, v.Reason, v.Cause = false, reason, ""
		body.verdicts = append(body.verdicts, v)
	}
	made := &stamp{state: state, decision: Decision{body}, update: true}
	if told {
		route := s.routeUpdate(updater, made.decision, state)
		if made.suppressed = route.Suppressed; made.suppressed == "" {
			s.carry(made, route)
		}
		return made, nil
	}
	return made, made.fill(segment.Decision{}.ClosedForm(nil), d.consentContext(state))
}

// routeUpdate asks the router about an update of preferences. If it panics, that is
// suppressed.
func (s *shared) routeUpdate(u Updater, d Decision, state State) (r Route) {
	r = Route{Suppressed: SuppressedRouter}
	defer s.caught("Router")
	return u.RouteUpdate(d, state)
}
