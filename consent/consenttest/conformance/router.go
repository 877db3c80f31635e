package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// RouterExamples are what TestRouter has to know about a service.
type RouterExamples struct {
	// Destinations are names of destinations to which the service passes events on, one of each
	// kind that its documentation distinguishes. At least one is needed.
	Destinations []string

	// Listed are those Destinations that nothing in a message stops. A message can be suppressed
	// for their sake only if the policy lists them, so the decisions of the test do.
	Listed []string

	// Open reports whether the service passes a message on to a destination, by its
	// documented rules. The message is JSON as analytics-go sends it.
	Open func(message []byte, destination string) bool
}

// TestRouter tests a custom Router with messages of all types, and with thousands of decisions,
// answers and integrations of the application. Nothing that is denied may be open by the rules of
// the service. It reports each rule that is broken, how, and why it is a rule. It calls newRouter
// several times; every Router returned has to return the same Routes.
func TestRouter[R consent.Router](t testing.TB, newRouter func() R, examples RouterExamples) {
	t.Helper()
	if len(examples.Destinations) == 0 || examples.Open == nil {
		t.Fatalf("conformance: TestRouter needs a destination and the rules of the service to test with")
	}
	check(t, "router", examples.rules(), func() consent.Router { return newRouter() })
}

func (e RouterExamples) rules() []rule[consent.Router] {
	return []rule[consent.Router]{
		{"nothing that is denied is open", "an event must not reach who the visitor rejected", e.deniedIsClosed},
		{"what is told to be denied is closed", "the decision that OnDecision is told is what a privacy team is shown", e.toldIsClosed},
		{"what everybody may see reaches everybody", "a router that lets nothing through keeps every other rule", e.allowedIsOpen},
		{"a Decision that allows nothing suppresses", "the zero Decision is that of a policy that failed", e.nothingLeaves},
		{"an update of preferences says what the visitor answered", "for a consent.Updater: it leaves whatever the answer is, and a record is made of it", e.tellsTheAnswer},
		{"it neither panics nor returns what has no JSON form", "the message is suppressed then, whoever may see it", e.neverFails},
		{"it changes nothing that it is given", "the integrations are the application's, and a State and a Decision are shared", e.changesNothing},
		{"the same question has the same answer, on many goroutines at once", "every request asks it, and the race detector watches here", e.sameAnswer},
	}
}

// routerCases is how many messages each rule is tried with.
const routerCases = 800

// A routerCase is one message for one visitor under one decision.
type routerCase struct {
	decision consent.Decision
	state    consent.State
	own      analytics.Integrations
	kind     int
}

// cases calls f for each case, with the message that left, if one did, and with what was told,
// until f returns how a rule is broken.
func (e RouterExamples) cases(r consent.Router, f func(routerCase, []byte, consent.Decision, consent.Reason) string) string {
	random := rand.New(rand.NewPCG(1, 2))
	for range routerCases {
		c := e.random(random)
		message, told, reason := c.send(r)
		if how := f(c, message, told, reason); how != "" {
			return fmt.Sprintf("%s\n\tdecision: %s\n\tanswer: %s\n\tthe application's integrations: %v\n\tmessage: %s",
				how, describe(c.decision), c.state, c.own, message)
		}
	}
	return ""
}

// send sends the message through a Client. A Client would log each panic of the Router. So the
// Router is called here first, where a panic breaks the rule.
func (c routerCase) send(r consent.Router) (message []byte, told consent.Decision, reason consent.Reason) {
	c.ask(r, maps.Clone(c.own))
	var recorder consenttest.Recorder
	client := consent.New(&recorder, fixedPolicy{c.decision}, &consent.Options{
		Router:     r,
		OnDecision: func(_ analytics.Message, d consent.Decision) { told = d },
		OnOutcome:  func(_ analytics.Message, o consent.Outcome) { reason = o.Reason },
	})
	if err := client.With(c.state).Enqueue(c.message()); err != nil {
		panic(err)
	}
	for _, event := range recorder.Events() {
		message = event.JSON
	}
	return message, told, reason
}

// ask asks the Router as a Client does.
func (c routerCase) ask(r consent.Router, own map[string]any) {
	if first := r.Route(c.decision, c.state, nil); first.Suppressed == "" && len(own) > 0 {
		r.Route(first.Decision, c.state, own)
	}
}

type fixedPolicy struct{ decision consent.Decision }

func (p fixedPolicy) Decide(consent.State) consent.Decision { return p.decision }

// message returns a message of one of the six types.
func (c routerCase) message() analytics.Message {
	own := maps.Clone(c.own)
	context := &analytics.Context{Extra: map[string]any{
		"consent": "the application's", "Integrations": map[string]any{"All": true}, "consentManagement": map[string]any{"deniedConsentIds": []string{}},
	}}
	switch c.kind {
	case 0:
		return analytics.Identify{UserId: "u", Integrations: own, Context: context}
	case 1:
		return analytics.Page{UserId: "u", Integrations: own, Context: context}
	case 2:
		return analytics.Screen{UserId: "u", Integrations: own, Context: context}
	case 3:
		return analytics.Group{UserId: "u", GroupId: "g", Integrations: own, Context: context}
	case 4:
		return analytics.Alias{UserId: "u", PreviousId: "p", Integrations: own, Context: context}
	default:
		return analytics.Track{UserId: "u", Event: "e", Integrations: own, Context: context}
	}
}

// random returns a case. Each destination has a verdict, is an alias of the previous one, or is not
// listed. Some names differ in casing.
func (e RouterExamples) random(r *rand.Rand) routerCase {
	coin := func(of int) bool { return r.IntN(of) == 0 }
	var verdicts []consent.Verdict
	for i, name := range e.Destinations {
		if coin(4) && !slices.Contains(e.Listed, name) {
			continue
		}
		v := consent.Verdict{Destination: name, Allowed: !coin(3), Reason: "a case"}
		if i > 0 && coin(8) {
			v.AliasOf = e.Destinations[i-1]
		}
		verdicts = append(verdicts, v)
	}
	categories := map[string]bool{"analytics": coin(2), "ads": !coin(3), "C0002": coin(2)}
	c := routerCase{decision: consent.NewDecision(categories, verdicts, coin(3)), state: consent.NewState(categories), kind: r.IntN(8)}
	if coin(8) {
		c.state = consent.All(consent.Denied)
	}
	if coin(3) {
		answers := make(map[string]bool)
		for _, name := range e.Destinations {
			if coin(4) {
				answers[name] = coin(2)
			}
		}
		c.state = c.state.WithDestinations(answers)
	}
	if coin(2) {
		c.own = make(analytics.Integrations)
		values := []any{true, false, false, map[string]any{"option": 1}, "yes", nil, 0}
		for _, name := range append([]string{"All", "all", "Nobody's"}, e.Destinations...) {
			for _, spelled := range append(casings(name), name) {
				if coin(5) {
					c.own[spelled] = values[r.IntN(len(values))]
				}
			}
		}
	}
	return c
}

// allows reports whether the policy and the visitor let the destination see the message.
func (c routerCase) allows(name string) bool {
	for v := range c.decision.Verdicts() {
		if v.Destination == name {
			return v.Allowed
		}
	}
	return c.decision.Unlisted() && c.state.Rest() != consent.Denied && c.state.Destination(name) != consent.Denied
}

func (e RouterExamples) deniedIsClosed(newRouter func() consent.Router) string {
	return e.cases(newRouter(), func(c routerCase, message []byte, _ consent.Decision, _ consent.Reason) string {
		for _, name := range e.Destinations {
			if message != nil && e.Open(message, name) && !c.allows(name) {
				return name + " gets a message that it may not see"
			}
		}
		return ""
	})
}

func (e RouterExamples) toldIsClosed(newRouter func() consent.Router) string {
	return e.cases(newRouter(), func(c routerCase, message []byte, told consent.Decision, _ consent.Reason) string {
		for _, name := range e.Destinations {
			if message != nil && e.Open(message, name) && !told.Allows(name) {
				return name + " gets a message, and was told to be denied"
			}
		}
		return ""
	})
}

func (e RouterExamples) allowedIsOpen(newRouter func() consent.Router) string {
	var verdicts []consent.Verdict
	for _, name := range e.Destinations {
		verdicts = append(verdicts, consent.Verdict{Destination: name, Allowed: true, Reason: "a case"})
	}
	categories := map[string]bool{"analytics": true}
	for kind := range 6 {
		c := routerCase{decision: consent.NewDecision(categories, verdicts, false), state: consent.NewState(categories), kind: kind}
		message, _, reason := c.send(newRouter())
		if message == nil {
			return fmt.Sprintf("the message %T is suppressed: %s", c.message(), reason)
		}
		for _, name := range e.Destinations {
			if !e.Open(message, name) {
				return fmt.Sprintf("%s does not get %s", name, message)
			}
		}
	}
	return ""
}

func (e RouterExamples) nothingLeaves(newRouter func() consent.Router) string {
	for _, d := range []consent.Decision{{}, consent.NewDecision(map[string]bool{"analytics": true}, nil, false)} {
		if route := newRouter().Route(d, consent.State{}, nil); route.Suppressed == "" {
			return "it returns a Route that is not suppressed for " + describe(d)
		}
		newRouter().Route(d, consent.State{}, map[string]any{"All": true})
	}
	return ""
}

func (e RouterExamples) neverFails(newRouter func() consent.Router) string {
	return e.cases(newRouter(), func(_ routerCase, _ []byte, _ consent.Decision, reason consent.Reason) string {
		if reason == consent.SuppressedRouter {
			return "it failed"
		}
		return ""
	})
}

func (e RouterExamples) changesNothing(newRouter func() consent.Router) string {
	r := newRouter()
	return e.cases(r, func(c routerCase, _ []byte, _ consent.Decision, _ consent.Reason) string {
		own, before := maps.Clone(c.own), describe(c.decision)
		c.ask(r, own)
		if fmt.Sprint(own) != fmt.Sprint(c.own) || describe(c.decision) != before {
			return "it changed what it was given"
		}
		return ""
	})
}

func (e RouterExamples) sameAnswer(newRouter func() consent.Router) string {
	r, random := newRouter(), rand.New(rand.NewPCG(3, 4))
	for range 50 {
		c := e.random(random)
		route := func(r consent.Router) string {
			answer := r.Route(c.decision, c.state, nil)
			text, err := json.Marshal([]any{answer.Integrations, answer.Context})
			return fmt.Sprint(describe(answer.Decision), answer.Suppressed, string(text), err)
		}
		if how := concurrently(route(newRouter()), func() string { return route(r) }); how != "" {
			return how
		}
	}
	return ""
}
