package mparticle

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// ReasonRule is the Reason of a Verdict for an output that the policy allows and that gets
// nothing, since the rule of its connection does not let it.
const ReasonRule consent.Reason = "its forwarding rule at mParticle does not let it"

// An Output is one that is connected at mParticle, with the forwarding rule of its connection.
// An output with both fields set is closed if either rule closes it. Say of a rule only what is
// set up there: for an output with a rule, events leave while it is denied.
type Output struct {
	// Name is that of the destination in the policy, in the exact spelling, an alias included.
	Name string

	// Purpose is that of the rule "only forward if GDPR consent for it is true". Casing and
	// white space around it do not count, as at mParticle. "": there is no such rule.
	Purpose string

	// NoSale says that there is the rule "do not forward if CCPA data sale opt-out is present".
	NoSale bool
}

// A Router tells mParticle of a Decision. Every batch has a consent_state with all purposes,
// each true or false, and the opt-out: what is missing would stay as it is in the profile. True
// is what the Decision says, also of a visitor whom nobody asked, where the policy is opt-out or
// a Default presumes it; it is no proof of consent. The time is that of Enqueue. The
// application's integrations are not sent; what they close, if no rule does, suppresses the
// message. The zero Router suppresses every message.
type Router struct {
	// Outputs are all that are connected to the input that the key is of. List mParticle itself
	// too, by the name that it has in the policy, since it stores what it gets.
	Outputs []Output

	// Purposes are the names at mParticle of categories of the policy. A category that it lacks
	// has its own name. All are written in lower case, without white space around them, as
	// mParticle stores them. One of several categories is true only if all of them are granted.
	// "" is for a category that has no purpose there: mParticle takes only purposes that are
	// defined in the workspace, and none if GDPR is not enabled.
	Purposes map[string]string

	// Sale are the categories whose refusal is an opt-out of the sale of data under the CCPA:
	// the user is opted out unless all of them are granted. Empty: nothing is said about it.
	Sale []string
}

// Route implements [consent.Router].
func (r Router) Route(d consent.Decision, s consent.State, integrations map[string]any) consent.Route {
	names := make([]string, len(r.Outputs))
	for i, o := range r.Outputs {
		names[i] = o.Name
	}
	state := r.state(d)
	sent := consent.Gate{Destinations: names}.Route(d, s, integrations).Decision
	closed := r.closed(sent, state)
	open, unstoppable, changed := false, false, false
	var verdicts []consent.Verdict
	for v := range sent.Verdicts() {
		stopped := closed[primary(v)]
		unstoppable = unstoppable || !v.Allowed && !stopped
		if v.Allowed && stopped {
			v.Allowed, v.Reason, v.Cause = false, ReasonRule, ""
			changed = true
		}
		open = open || v.Allowed
		verdicts = append(verdicts, v)
	}
	if changed {
		sent = consent.NewDecision(maps.Collect(d.Categories()), verdicts, false)
	}
	route := consent.Route{Decision: sent}
	switch {
	case !open:
		route.Suppressed = consent.SuppressedNothingAllowed
	case unstoppable:
		route.Suppressed = consent.SuppressedUnstoppable
	case state.isEmpty():
		route.Suppressed = consent.SuppressedNoCategories
	default:
		route.Context = map[string]any{stateKey: state}
	}
	return route
}

func primary(v consent.Verdict) string {
	if v.AliasOf != "" {
		return v.AliasOf
	}
	return v.Destination
}

// closed returns the destinations, by primary name, that rules close under the state: all of
// the outputs that are one destination.
func (r Router) closed(d consent.Decision, state consentState) map[string]bool {
	closed := make(map[string]bool)
	for v := range d.Verdicts() {
		for _, o := range r.Outputs {
			if o.Name != v.Destination {
				continue
			}
			before, known := closed[primary(v)]
			closed[primary(v)] = o.closes(state) && (before || !known)
		}
	}
	return closed
}

// closes reports whether the rule of the connection lets nothing pass.
func (o Output) closes(state consentState) bool {
	if purpose := canonical(o.Purpose); purpose != "" && !state.GDPR[purpose] {
		return true
	}
	return o.NoSale && state.OptOut != nil && *state.OptOut
}

// state returns what a batch says of the categories.
func (r Router) state(d consent.Decision) consentState {
	state := consentState{GDPR: make(map[string]bool)}
	granted := make(map[string]bool)
	for category, ok := range d.Categories() {
		granted[category] = ok
		purpose := r.purpose(category)
		if purpose == "" {
			continue
		}
		before, known := state.GDPR[purpose]
		state.GDPR[purpose] = ok && (before || !known)
	}
	if len(r.Sale) > 0 && len(granted) > 0 {
		optOut := false
		for _, category := range r.Sale {
			optOut = optOut || !granted[category]
		}
		state.OptOut = &optOut
	}
	return state
}

// purpose returns the purpose of a category, or "".
func (r Router) purpose(category string) string {
	if purpose, ok := r.Purposes[category]; ok {
		return canonical(purpose)
	}
	return canonical(category)
}

// canonical returns a purpose as mParticle's own clients write it.
func canonical(purpose string) string { return strings.ToLower(strings.TrimSpace(purpose)) }

// copy returns a Router that nobody else can change.
func (r Router) copy() Router {
	return Router{Outputs: slices.Clone(r.Outputs), Purposes: maps.Clone(r.Purposes), Sale: slices.Clone(r.Sale)}
}

// check compares the Router with the categories of the policy.
func (r Router) check(p consent.Policy) error {
	if p == nil {
		return bad("the policy is nil")
	}
	categories, err := categoriesOf(p)
	if err != nil {
		return err
	}
	purposes := make(map[string]bool)
	for category := range categories {
		purposes[r.purpose(category)] = true
	}
	var wrong []error
	if len(categories) == 0 {
		wrong = append(wrong, bad("the policy names no category, so that nothing would leave"))
	}
	if len(r.Outputs) == 0 {
		wrong = append(wrong, bad("the router has no outputs, so that nothing would leave"))
	}
	seen := make(map[string]bool)
	for _, o := range r.Outputs {
		switch {
		case o.Name == "" || seen[o.Name]:
			wrong = append(wrong, bad("the output %q has no name, or is there twice", o.Name))
		case canonical(o.Purpose) != "" && !purposes[canonical(o.Purpose)]:
			wrong = append(wrong, bad("the output %q has a rule for %q, which is the purpose of no category", o.Name, o.Purpose))
		case o.NoSale && len(r.Sale) == 0:
			wrong = append(wrong, bad("the output %q has a rule for the opt-out, and no category is one of Sale", o.Name))
		}
		seen[o.Name] = true
	}
	for _, category := range slices.Concat(slices.Sorted(maps.Keys(r.Purposes)), r.Sale) {
		if _, ok := categories[category]; !ok {
			wrong = append(wrong, bad("%q is no category of the policy", category))
		}
	}
	return errors.Join(wrong...)
}

// categoriesOf returns the categories of a policy, which may be a nil pointer.
func categoriesOf(p consent.Policy) (categories map[string]bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = bad("the policy panicked with a %T", v)
		}
	}()
	return maps.Collect(p.Decide(consent.State{}).Categories()), nil
}
