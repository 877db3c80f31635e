package conformance

import (
	"encoding/json"
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// tellsTheAnswer sends an update of preferences for each answer about two categories. A
// Router that is no Updater, or does not want them, sends none.
func (e RouterExamples) tellsTheAnswer(newRouter func() consent.Router) string {
	r := newRouter()
	updater, ok := r.(consent.Updater)
	if !ok {
		return ""
	}
	told := make(map[string]consent.State) // by message
	for n := range 4 {
		answer := map[string]bool{"analytics": n&1 > 0, "ads": n&2 > 0}
		s, d := consent.NewState(answer), e.updateDecision(answer)
		first, second := updater.RouteUpdate(d, s), updater.RouteUpdate(d, s) // where a panic ends the rule
		if asJSON(first) != asJSON(second) {
			return "the same answer is told otherwise the second time: " + s.String()
		}
		message, reason := sendUpdate(r, d, s)
		switch {
		case reason == consent.SuppressedUpdate:
			continue
		case message == "":
			return fmt.Sprintf("it is suppressed for %s: %s", s, reason)
		}
		if other, ok := told[message]; ok {
			return fmt.Sprintf("the answers %s and %s are told alike: %s", other, s, message)
		}
		told[message] = s
	}
	return ""
}

func (e RouterExamples) updateDecision(answer map[string]bool) consent.Decision {
	var verdicts []consent.Verdict
	for _, name := range e.Destinations {
		verdicts = append(verdicts, consent.Verdict{Destination: name, Reason: "a case"})
	}
	return consent.NewDecision(answer, verdicts, false)
}

func asJSON(r consent.Route) string {
	text, err := json.Marshal([]any{r.Integrations, r.Context})
	return fmt.Sprint(string(text), err, r.Suppressed)
}

// sendUpdate returns what leaves of an update of preferences, without its ids, or why nothing
// does.
func sendUpdate(r consent.Router, d consent.Decision, s consent.State) (message string, reason consent.Reason) {
	var recorder consenttest.Recorder
	client := consent.New(&recorder, fixedPolicy{d}, &consent.Options{
		Router: r, OnOutcome: func(_ analytics.Message, o consent.Outcome) { reason = o.Reason },
	})
	if err := client.With(s).Enqueue(analytics.Track{UserId: "u", MessageId: "m", Event: consent.UpdateEvent}); err != nil {
		panic(err)
	}
	for _, event := range recorder.Events() {
		m := event.Message.(analytics.Track)
		text, err := json.Marshal([]any{m.Context, m.Integrations})
		message = fmt.Sprint(string(text), err)
	}
	return message, reason
}
