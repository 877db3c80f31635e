package consenttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
)

// Answers are the answers of the people in a test, by user id, by anonymous id and, where
// a company has an answer, by group id. A person with two ids has two entries.
//
// The entry under "" is for ids without an entry: those that the application makes up.
type Answers map[string]consent.State

// RequireHonoured fails the test if an event went beyond the answer of a person it is about, no
// matter which code sent it. From is a [Recorder], or the fake of package segmenttest, which also
// sees clients that know nothing about consent. The policy is the one of production.
//
// An event is about the ids that it names: the user, the anonymous id, the previous id of an
// alias, and the group if it has an entry. By the policy, the answer of each must allow every
// destination that the event reaches by Segment's documented rules (see [Recorder.Reached]). The
// consent object must not show a category as granted that the policy does not show so for the
// answer.
//
// It also fails
//   - for an id without an entry, unless it is that of an update of preferences;
//   - for an event without a consent object;
//   - if a Recorder was told of a message that was decided without any answer, although the answer
//     of its user would let it reach more: such a message is lost without notice;
//   - if nothing was tracked.
//
// If From is a Recorder, claims of the application are accepted: a destination that
// [consent.Client.Necessary] named for the message, and an event of [consent.Client.Exempt],
// which is not about a person.
//
// An answer counts at one time. In a test where somebody changes an answer, call RequireHonoured
// and then [Recorder.Reset], and go on with other Answers. What a site adds to an answer, such as
// a signal of the browser, belongs into the State.
func RequireHonoured(t testing.TB, from interface{ Sent() [][]byte }, p consent.Policy, answers Answers) {
	t.Helper()
	if p == nil {
		t.Fatalf("consenttest: there is no policy to hold the answers against")
	}
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

// People are the ids of a message that stand for a person.
type people struct {
	User      string `json:"userId"`
	Anonymous string `json:"anonymousId"`
	Previous  string `json:"previousId"`
	Group     string `json:"groupId"`
}

// of returns the ids that need an answer, and those of them that have none.
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

// judge returns how an event went beyond the answers of the people it is about, or "".
func (a Answers) judge(p consent.Policy, e Event, claims map[claim]bool) string {
	sent, who := e.sent(), people{}
	_ = json.Unmarshal(e.JSON, &who) // it was read just now
	update := sent.Type == "track" && sent.Event == consent.UpdateEvent
	ids, undeclared := a.of(who)
	message := headOf(e.Message)
	if claims[claim{message: message, exempt: true}] {
		return ""
	}
	if len(undeclared) > 0 && !update {
		return undeclaredFailure(sent.String(), undeclared, e.where)
	}
	for _, id := range ids {
		state, _ := a.answer(id)
		b := beyond{sent: sent, update: update, decision: p.Decide(state), strayKeys: strayKeys(e.JSON), claims: claims, message: message}
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

// judgeDecided returns what is wrong with the decision about a message, or "". An event that left
// is judged by what was sent.
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

// wasAnswered reports whether the decision is based on an answer, even if only to one question.
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
