package consent

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/segment"
)

// A stamp is what the messages of one visitor leave with. It is made once for a Decision
// and a State, and shared: nobody may write to it.
type stamp struct {
	state        State
	decision     Decision // as Segment can carry it out
	suppressed   Reason   // why no message leaves, or ""
	alias        Reason   // why no Alias leaves, or ""
	consent      json.RawMessage
	integrations analytics.Integrations // without any of the application's
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
	made.integrations = plain.Integrations(plain, nil)
	made.consent, _ = sent.consentObject(s) // maps of bools always have JSON
	return made
}

// narrowed returns the decision and the integrations object for a message that the
// application gave integrations of its own, which are plain JSON.
func (s *stamp) narrowed(caller map[string]any) (Decision, analytics.Integrations) {
	if len(caller) == 0 {
		return s.decision, s.integrations
	}
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
	object, err := d.consentObject(s)
	if err != nil {
		return nil, err
	}
	body := &decision{categories: d.body.categories}
	for _, v := range d.body.verdicts {
		v.Allowed, v.Reason, v.Cause = false, ReasonUpdateEvent, ""
		body.verdicts = append(body.verdicts, v)
	}
	return &stamp{
		state: s, decision: Decision{body}, consent: object,
		integrations: segment.Decision{}.ClosedForm(nil),
	}, nil
}

// contextOf returns the caller's context with the consent object, and without the keys
// that could contradict it.
func (s *stamp) contextOf(caller *analytics.Context) *analytics.Context {
	var c analytics.Context
	if caller != nil {
		c = *caller
	}
	extra := maps.Clone(c.Extra)
	if extra == nil {
		extra = make(map[string]any, 1)
	}
	maps.DeleteFunc(extra, func(key string, _ any) bool { return segment.Contradicts(key) })
	extra[segment.ConsentKey] = s.consent
	c.Extra = extra
	return &c
}
