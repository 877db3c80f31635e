package consent

import (
	"slices"

	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// AtSegment returns d as an integrations object of Segment can carry it out, and why a
// message is suppressed under it, or "" if it leaves. The object opens and closes all
// warehouses together, so a warehouse that d allows may be denied, with
// [ReasonWarehouses]. A message is suppressed if no destination may see it, if d names
// no category, or if d denies a destination that the object cannot stop: Amazon S3,
// Google Cloud Storage, data lakes, Engage and profiles, and a single warehouse while
// "Warehouses" is allowed.
//
// A [Client] applies it to every message, and also suppresses an Alias if anything is
// denied.
func AtSegment(d Decision) (sent Decision, suppressed Reason) {
	if d.body == nil {
		return d, SuppressedNothingAllowed
	}
	plain := d.plain()
	d = d.with(plain, plain.Settle(), ReasonWarehouses)
	switch plain.Suppression() {
	case segment.NothingAllowed:
		return d, SuppressedNothingAllowed
	case segment.CannotStop:
		return d, SuppressedUnstoppable
	}
	if len(d.body.categories) == 0 {
		return d, SuppressedNoCategories
	}
	return d, ""
}

// plain returns d as package segment takes it.
func (d Decision) plain() segment.Decision {
	verdicts := make([]segment.Verdict, len(d.body.verdicts))
	for i, v := range d.body.verdicts {
		verdicts[i] = segment.Verdict{Name: v.Destination, Primary: v.primary(), Allowed: v.Allowed}
	}
	return segment.Decision{Verdicts: verdicts, Unlisted: d.body.unlisted}
}

// with returns d with the verdicts of plain, where those at the given indexes changed or were
// added: the allowed ones because the application named them, the others for the reason.
func (d Decision) with(plain segment.Decision, changed []int, reason Reason) Decision {
	if len(changed) == 0 && plain.Unlisted == d.body.unlisted {
		return d
	}
	body := &decision{verdicts: slices.Clone(d.body.verdicts), categories: d.body.categories, unlisted: plain.Unlisted}
	for _, v := range plain.Verdicts[len(body.verdicts):] {
		body.verdicts = append(body.verdicts, Verdict{Destination: v.Name})
	}
	for _, i := range changed {
		v := &body.verdicts[i]
		v.Allowed, v.Reason, v.Cause = plain.Verdicts[i].Allowed, reason, ""
		if v.Allowed {
			v.Reason = ReasonApplicationNamed
		}
	}
	return Decision{body}
}

// under returns d as it counts for a visitor who answered s, whatever the policy is. Unlisted
// destinations are closed if no answer was read. Those that the visitor denied by name are
// always closed; if there are too many of them to name, all unlisted ones are.
func (d Decision) under(s State) Decision {
	if d.body == nil || !d.body.unlisted {
		return d
	}
	body := &decision{verdicts: slices.Clone(d.body.verdicts), categories: d.body.categories, unlisted: s.Rest() != Denied, answered: d.body.answered}
	listed := make(map[string]bool, len(body.verdicts))
	for _, v := range body.verdicts {
		listed[v.Destination] = true
	}
	for name, granted := range s.Destinations() {
		switch name := segment.ValidName(name); {
		case granted || listed[name] || !isDestination(name):
		case len(body.verdicts)-len(d.body.verdicts) == maxDenied || len(name) > maxDeniedSize:
			body.unlisted = false
		default:
			body.verdicts = append(body.verdicts, Verdict{Destination: name, Reason: ReasonUnlistedDenied, Cause: name})
		}
	}
	if !body.unlisted || len(body.verdicts) > len(d.body.verdicts) {
		return Decision{body}
	}
	return d
}

// Limits on a visitor's denials of destinations that a policy does not name.
const (
	maxDenied     = 64
	maxDeniedSize = 100 // bytes of a name
)

// consentContext returns what the Context of messages carries for a visitor who answered s,
// and drops what could contradict it.
func (d Decision) consentContext(s State) map[string]any {
	context := map[string]any{segment.ConsentKey: d.consentObject(s)}
	for _, key := range segment.Contradicting() {
		context[key] = nil
	}
	return context
}

// atSegment returns d, the result of [AtSegment], narrowed by the application's integrations of a
// message, and the integrations object of that message.
func (d Decision) atSegment(s State, own map[string]any) (Decision, map[string]any) {
	c := segment.NewCaller(own)
	plain := d.plain()
	for name, granted := range s.Destinations() {
		if !granted {
			plain.Denied = append(plain.Denied, name)
		}
	}
	narrowed, changed := plain.Narrow(c)
	return d.with(narrowed, changed, ReasonApplication), plain.Integrations(narrowed, c)
}

// consentObject returns the consent object of a visitor who answered s. The visitor
// writes the cookie, so only names of the policy go into it.
func (d Decision) consentObject(s State) any {
	categories := make(map[string]bool, len(d.body.categories))
	for _, e := range d.body.categories {
		categories[e.name] = e.granted
	}
	return segment.ConsentObject{Categories: categories, Destinations: d.destinationPreferences(s.Given())}
}

// destinationPreferences returns the visitor's answers for the destinations of the
// policy.
func (d Decision) destinationPreferences(s State) map[string]bool {
	preferences := make(map[string]bool)
	answers := make(map[string]bool)
	denied := make(map[string]bool) // folded
	for name, granted := range s.Destinations() {
		answers[name] = granted
		if !granted {
			denied[names.Fold(name)] = true
		}
	}
	if len(answers) == 0 {
		return preferences
	}
	body := d.body
	if body.answered != nil {
		body = body.answered
	}
	for _, v := range body.verdicts {
		granted, answered := answers[v.Destination]
		switch {
		case v.Reason == ReasonUnlistedDenied || v.Reason == ReasonTooMany:
		case v.Reason == ReasonDestinationDenied || denied[names.Fold(v.Destination)]:
			preferences[v.Destination] = false
		case answered:
			preferences[v.Destination] = granted
		}
	}
	return preferences
}
