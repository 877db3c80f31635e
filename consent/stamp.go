package consent

import (
	"fmt"
	"maps"

	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/segment"
)

// A stamp is what the messages of one visitor leave with. It is made once for a Decision
// and a State, and shared: nobody may write to it.
type stamp struct {
	state      State
	decision   Decision // as Segment can carry it out
	suppressed Reason   // why no message leaves, or ""
	alias      Reason   // why no Alias leaves, or ""
	update     bool     // it is that of an update of preferences

	integrations map[string]any // for a message without any of the application's own
	size         int            // of those as JSON, at most
	extra        map[string]any // likewise, of its Context: the consent object alone
}

// stampFor returns the stamp for a visitor who answered s.
func (d Decision) stampFor(s State) *stamp {
	if d.body == nil {
		return &stamp{state: s, suppressed: SuppressedNothingAllowed, alias: SuppressedNothingAllowed}
	}
	if made := d.body.stamp.Load(); made != nil && made.state == s {
		return made
	}
	made := d.makeStamp(s)
	d.body.stamp.Store(made)
	return made
}

func (d Decision) makeStamp(s State) *stamp {
	sent, suppressed := AtSegment(d.under(s))
	made := &stamp{state: s, decision: sent, suppressed: suppressed, alias: suppressed}
	if suppressed != "" {
		return made
	}
	if sent.denies() || s.Denials() != NewState(nil) {
		made.alias = SuppressedAlias
	}
	plain := sent.plain()
	made.fill(plain.Integrations(plain, nil), d.consentObject(s))
	return made
}

func (s *stamp) fill(integrations map[string]any, consent any) {
	object, _ := delivery.MakeJSON(consent) // maps of bools always have JSON
	s.extra = map[string]any{segment.ConsentKey: object}
	s.integrations = integrations
	_, s.size, _ = delivery.Freeze(integrations)
}

// suppresses returns why a message of that kind is suppressed, or "".
func (s *stamp) suppresses(kind *delivery.Kind) Reason {
	if kind.IsAlias() {
		return s.alias
	}
	return s.suppressed
}

// put puts the stamp on a message. It returns the decision as the application's
// integrations narrow it, and the size of the message's integrations.
func (s *stamp) put(m *delivery.Message) (Decision, int, error) {
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
		return s.decision, s.size, nil
	}
	caller, _, err := delivery.Freeze(*m.Integrations)
	if err != nil {
		return s.decision, 0, err
	}
	decision, integrations := s.narrowed(caller)
	*m.Integrations = integrations
	return decision, delivery.NotFrozen, nil
}

// extraOf returns the Extra of the caller's Context with the consent object, and without
// the keys that could contradict it.
func (s *stamp) extraOf(caller map[string]any) map[string]any {
	if len(caller) == 0 {
		return s.extra
	}
	extra := make(map[string]any, len(caller)+1)
	for key, value := range caller {
		if !segment.Contradicts(key) {
			extra[key] = value
		}
	}
	maps.Copy(extra, s.extra)
	return extra
}

// narrowed returns the decision and the integrations object for a message that the
// application gave integrations of its own, which are plain JSON.
func (s *stamp) narrowed(caller map[string]any) (Decision, map[string]any) {
	c := segment.NewCaller(caller)
	plain := s.decision.plain()
	for name, granted := range s.state.Destinations() {
		if !granted {
			plain.Denied = append(plain.Denied, name)
		}
	}
	narrowed, changed := plain.Narrow(c)
	return s.decision.with(narrowed, changed, ReasonApplication), plain.Integrations(narrowed, c)
}

// updateStamp is the stamp of an update of preferences, which leaves for Segment alone
// whatever the visitor answered. Segment refuses it without categories.
func (d Decision) updateStamp(s State) (*stamp, error) {
	if d.body == nil || len(d.body.categories) == 0 {
		return nil, fmt.Errorf("%w: the policy names no category", ErrNoPreferences)
	}
	answered := false
	for range s.Given().Categories() {
		answered = true
	}
	if !answered {
		return nil, fmt.Errorf("%w: the State names no category", ErrNoPreferences)
	}
	body := &decision{categories: d.body.categories}
	for _, v := range d.body.verdicts {
		v.Allowed, v.Reason, v.Cause = false, ReasonUpdateEvent, ""
		body.verdicts = append(body.verdicts, v)
	}
	made := &stamp{state: s, decision: Decision{body}, update: true}
	made.fill(segment.Decision{}.ClosedForm(nil), d.consentObject(s))
	return made, nil
}
