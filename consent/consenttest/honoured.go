package consenttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/segment"
)

// Answers are the answers of the people of a test, by user id, anonymous id, and, where
// a company has an answer, group id. Somebody with two ids has two entries.
//
// The entry under "" is for ids that have none: ids that the application makes up.
type Answers map[string]consent.State

// RequireHonoured fails the test if an event went beyond the answer of anybody it is about,
// from wherever it was sent. From is a [Recorder], or the fake of package segmenttest, which
// also sees clients that know nothing of consent. The policy is the one of production.
//
// An event is about the ids that it names itself: the user, the anonymous id, the previous
// id of an alias, and the group if it has an entry. Each has to allow, by the policy, every
// destination that the event reaches by Segment's documented rules (see [Recorder.Reached]);
// of categories the consent object may not say more than the policy makes of the answer.
//
// It fails as well
//   - for an id without an entry, but for that of an update of preferences;
//   - for an event without a consent object;
//   - if a Recorder was told of a message that was decided without any answer, and that the
//     answer of its user lets reach more: such a message is lost in silence;
//   - if nothing was tracked.
//
// What the application claims itself is taken from it, if From is a Recorder: a destination
// that [consent.Client.Necessary] named for the message, and an event about no person, of
// [consent.Client.Exempt].
//
// An answer holds at one time. In a test where somebody answers anew, look, call
// [Recorder.Reset], and go on with other Answers. What a site adds to an answer, as a signal
// of the browser does, belongs into the State.
func RequireHonoured(t testing.TB, from interface{ Sent() [][]byte }, p consent.Policy, answers Answers) {
	t.Helper()
	var events []Event
	var decided []Decided
	if r, ok := from.(*Recorder); ok {
		r.requireTracked(t)
		events, decided = r.Events(), r.decisions()
	} else {
		for _, sent := range from.Sent() {
			events = append(events, Event{JSON: sent})
		}
		if len(events) == 0 {
			t.Fatalf("consenttest: nothing was sent, which proves nothing; is the client closed, or flushed?")
		}
	}
	claims := claimed(decided)
	for _, e := range events {
		if failure := answers.judge(p, e, claims); failure != "" {
			t.Errorf("consenttest: %s", failure)
		}
	}
	for _, d := range decided {
		if failure := answers.judgeDecided(p, d); failure != "" {
			t.Errorf("consenttest: %s", failure)
		}
	}
}

// People are the ids of a message that stand for somebody.
type people struct {
	User      string `json:"userId"`
	Anonymous string `json:"anonymousId"`
	Previous  string `json:"previousId"`
	Group     string `json:"groupId"`
}

// of returns the ids to hold an answer for, and those that have none.
func (a Answers) of(p people) (ids, undeclared []string) {
	for _, id := range []string{p.User, p.Anonymous, p.Previous} {
		if _, ok := a.answer(id); id == "" || slices.Contains(ids, id) {
			continue
		} else if !ok {
			undeclared = append(undeclared, id)
			continue
		}
		ids = append(ids, id)
	}
	if _, ok := a[p.Group]; ok && p.Group != "" {
		ids = append(ids, p.Group)
	}
	return ids, undeclared
}

func (a Answers) answer(id string) (consent.State, bool) {
	if s, ok := a[id]; ok {
		return s, true
	}
	s, ok := a[""]
	return s, ok
}

// judge returns how an event failed the people it is about, or "".
func (a Answers) judge(p consent.Policy, e Event, claims map[claim]bool) string {
	sent, who := e.sent(), people{}
	_ = json.Unmarshal(e.JSON, &who) // it was read just now
	update := sent.Type == "track" && sent.Event == consent.UpdateEvent
	ids, undeclared := a.of(who)
	what := claim{message: headOf(e.Message)}
	if what.exempt = true; e.Message != nil && claims[what] {
		return ""
	}
	what.exempt = false
	if len(undeclared) > 0 && !update {
		return undeclaredFailure(sent.String(), undeclared, e.where)
	}
	for _, id := range ids {
		state, _ := a.answer(id)
		b := beyond{sent: sent, update: update, decision: p.Decide(state), strayKeys: strayKeys(e.JSON), claims: claims, what: what}
		if lines := b.lines(); len(lines) > 0 {
			return fmt.Sprintf("%s went beyond the answer of %s:\n\t%s%s\n\t%s",
				sent, id, strings.Join(lines, "\n\t"), at(e.where), b.cure(id, ids))
		}
	}
	return ""
}

func undeclaredFailure(what string, ids []string, where string) string {
	return fmt.Sprintf("%s is about %s, whose answer is not declared%s\n\t"+
		"cure: declare it in the Answers; if no such user is in this test, the application mixed up its ids",
		what, strings.Join(ids, " and "), at(where))
}

func at(where string) string {
	if where == "" {
		return ""
	}
	return "\n\tsent at " + where
}

// judgeDecided returns what is wrong with what was decided about a message, or "": an event
// that left is judged by what was sent.
func (a Answers) judgeDecided(p consent.Policy, d Decided) string {
	if isExempt(d.Decision) {
		return ""
	}
	ids, undeclared := a.of(peopleOf(d.Message))
	what := headOf(d.Message).String()
	if len(undeclared) > 0 {
		if d.Suppressed == "" {
			return "" // told by judge
		}
		return undeclaredFailure(what, undeclared, d.where)
	}
	if wasAnswered(d.Decision) {
		return ""
	}
	for v := range d.Decision.Verdicts() {
		if !v.Allowed && a.allAllow(p, ids, v.Destination) {
			return fmt.Sprintf("%s was decided without an answer, and lost to %s, which %s allows%s\n\t"+
				"cure: where there is a request, serve it behind middleware.New and use client.For(r.Context()); "+
				"for a job keep consent.Text(ctx) with it, and use consent.WithText when it runs",
				what, v.Destination, strings.Join(ids, " and "), at(d.where))
		}
	}
	return ""
}

// wasAnswered reports whether an answer, be it to one question, is behind the decision.
func wasAnswered(d consent.Decision) bool {
	without := false
	for v := range d.Verdicts() {
		switch v.Reason {
		case consent.ReasonNothingRead, consent.ReasonNoAnswer:
			without = true
		case consent.ReasonAlways, consent.ReasonNotListed, consent.ReasonWarehouses,
			consent.ReasonApplication, consent.ReasonApplicationNamed:
		default:
			return true
		}
	}
	return !without
}

func (a Answers) allAllow(p consent.Policy, ids []string, destination string) bool {
	for _, id := range ids {
		state, _ := a.answer(id)
		if d, suppressed := consent.AtSegment(p.Decide(state)); suppressed != "" || !d.Allows(destination) {
			return false
		}
	}
	return len(ids) > 0
}

func peopleOf(given analytics.Message) people {
	m, ok := delivery.Open(given)
	if !ok {
		return people{}
	}
	return people{textOf(m.UserID), textOf(m.AnonymousID), textOf(m.PreviousID), textOf(m.GroupID)}
}

// A beyond compares an event with what was decided about an answer.
type beyond struct {
	sent     segment.Sent
	update   bool
	decision consent.Decision

	strayKeys []string // of the context
	claims    map[claim]bool
	what      claim // of the message, but for the destination
}

// lines returns what the event does that the decision does not allow.
func (b beyond) lines() (lines []string) {
	d, suppressed := consent.AtSegment(b.decision)
	for _, name := range b.names(d) {
		kind := segment.Named(name)
		open, key := kind.Selected(b.sent.Integrations)
		if b.what.destination = name; !open || d.Allows(name) || b.update && kind.Storage || b.claims[b.what] {
			continue
		}
		lines = append(lines, fmt.Sprintf("it reached %s (%s), which is %s",
			name, entry(b.sent, key), strings.TrimPrefix(verdict(d, name).String(), name+": ")))
	}
	unnamed := segment.Destination{Name: "?"}
	if open, key := unnamed.Selected(b.sent.Integrations); open && !d.Unlisted() {
		lines = append(lines, fmt.Sprintf("it reached every destination that the policy does not name (%s)", entry(b.sent, key)))
	}
	if b.update || suppressed == consent.SuppressedNothingAllowed && b.claimsAny() {
		suppressed = ""
	} else if suppressed == "" && b.sent.Type == "alias" && denies(d) {
		suppressed = consent.SuppressedAlias
	}
	if suppressed != "" {
		lines = append(lines, fmt.Sprintf("it left, and is to be suppressed: %s", suppressed))
	}
	lines = append(lines, b.stamped(d)...)
	for _, key := range b.strayKeys {
		lines = append(lines, fmt.Sprintf("its context has %q, which Segment may read destinations or consent from", key))
	}
	return lines
}

func (b beyond) claimsAny() bool {
	for c := range b.claims {
		if c.message == b.what.message && !c.exempt {
			return true
		}
	}
	return false
}

// names are those of the destinations to look at.
func (b beyond) names(d consent.Decision) []string {
	all := map[string]bool{segment.Warehouses: true}
	for v := range d.Verdicts() {
		all[v.Destination] = true
	}
	for name := range b.sent.Integrations {
		if !segment.Reserved(name) {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// stamped returns what is wrong with the consent object.
func (b beyond) stamped(d consent.Decision) (lines []string) {
	if !b.sent.Stamped() {
		return []string{"it has no consent object, so that Segment enforces nothing"}
	}
	for name, granted := range d.Categories() {
		if !granted && b.sent.Context.Consent.Categories[name] == true {
			lines = append(lines, fmt.Sprintf("its consent object says that %q is granted, which Segment keeps with the user", name))
		}
	}
	return lines
}

func (b beyond) cure(id string, ids []string) string {
	unnamed := segment.Destination{Name: "?"}
	open, _ := unnamed.Selected(b.sent.Integrations)
	switch {
	case !b.sent.Stamped():
		return "cure: send it with client.For(ctx).Enqueue, give no other client this write key, and let nothing change it afterwards"
	case len(b.strayKeys) > 0:
		return "cure: take that out of the DefaultContext, or of what writes to the context after the consent.Client; " +
			"NewSegment refuses such a DefaultContext"
	case open && !b.decision.Unlisted():
		return "cure: send it with client.For(ctx).Enqueue, and let nothing change the integrations after that: " +
			"a wrapper between the consent.Client and Segment, or a DefaultContext"
	}
	cure := fmt.Sprintf("cure: bind the client to the answer of %s where the message is enqueued: "+
		"client.For(ctx) with the context of their request, or client.With(the answer that was stored); "+
		"if that is done, the client has another policy than the test", id)
	if len(ids) > 1 {
		cure += fmt.Sprintf("; the message is about %s, and each of them has to allow it (consent.Both)", strings.Join(ids, " and "))
	}
	return cure
}

func entry(sent segment.Sent, key string) string {
	if key == "" {
		return "no entry in integrations"
	}
	return fmt.Sprintf("%q: %s", key, text(sent.Integrations[key]))
}

func denies(d consent.Decision) bool {
	for v := range d.Verdicts() {
		if !v.Allowed {
			return true
		}
	}
	for _, granted := range d.Categories() {
		if !granted {
			return true
		}
	}
	return false
}

// strayKeys returns the keys of an event's context, besides the consent object, that Segment
// may read destinations or consent from.
func strayKeys(raw []byte) []string {
	var event struct {
		Context map[string]json.RawMessage `json:"context"`
	}
	if json.Unmarshal(raw, &event) != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(event.Context)), func(key string) bool {
		return key == "consent" || !segment.Contradicts(key)
	})
}
