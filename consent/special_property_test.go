package consent_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	documented "github.com/go-consent/segment/internal/segment"
)

// TestSpecialMessagesToldEqualsWire sends random exempt and strictly necessary messages
// through the real analytics-go. Each verdict that is told must be what the integrations
// object on the wire does. Exempt opens what the policy opens for somebody who granted
// everything. Necessary opens the named destinations and nothing else. In both cases, what the
// application closes stays closed.
//
// CONSENT_SEED makes another run of it, CONSENT_CASES a longer one.
func TestSpecialMessagesToldEqualsWire(t *testing.T) {
	seed, cases := propertyRun(t, 20_000)
	r := rand.New(rand.NewPCG(seed, 2))
	count := map[string]int{}
	for done := 0; done < cases; {
		compiled, err := destinations.Compile(randomConfig(r))
		require.NoError(t, err)
		var now *special
		client, wire := segment(t, decideFunc(func(s consent.State) consent.Decision { return now.policy.Decide(s) }), &consent.Options{
			OnDecision: func(_ analytics.Message, d consent.Decision) { now.decision = d },
			OnOutcome: func(_ analytics.Message, o consent.Outcome) {
				if o.Result == consent.Suppressed || o.Result == consent.Refused {
					now.outcome = o // on this goroutine
				}
			},
		})
		var all []*special
		for range 200 {
			done++
			now = newSpecial(r, compiled)
			now.err = now.client(client).Enqueue(analytics.Track{
				AnonymousId: "a", Event: "e", MessageId: fmt.Sprint(len(all)), Integrations: now.caller,
			})
			all = append(all, now)
		}
		require.NoError(t, client.Close())
		for _, raw := range wire.messages(t) {
			var e struct {
				MessageID int `json:"messageId,string"`
			}
			require.NoError(t, json.Unmarshal(raw, &e))
			all[e.MessageID].wire = raw
		}
		for _, x := range all {
			wrong := x.compare()
			if wrong == "" {
				wrong = x.reasons()
			}
			if wrong != "" {
				t.Fatalf("%s\nCONSENT_SEED=%d\npolicy    %s\nvisitor   %v\nnecessary %q\ncaller    %#v\ntold      %v\nwire      %s",
					wrong, seed, x.policyText(), x.state, x.necessary, x.caller, x.verdicts(), x.wire)
			}
			kind := "exempt"
			if x.necessary != nil {
				kind = "necessary"
			}
			count[kind+" "+string(x.outcome.Result)]++
		}
	}
	t.Log(count)
	for _, kind := range []string{"exempt ", "exempt suppressed", "necessary ", "necessary suppressed", "necessary refused"} {
		require.NotZero(t, count[kind], kind)
	}
}

// A special is a told whose message is exempt or, if necessary names something, strictly
// necessary.
type special struct {
	told
	necessary []string
	plain     consent.Decision // of the policy for the visitor
}

func newSpecial(r *rand.Rand, compiled *destinations.Policy) *special {
	x := &special{told: *newTold(r, compiled)}
	if r.IntN(2) == 0 {
		x.state = consent.All(consent.Granted)
		x.original = x.policy.Decide(x.state)
		return x
	}
	x.plain = x.original
	x.necessary = some(r, append([]string{"Nobody's"}, destinationNames...), 8)
	var known []string
	for v := range x.policy.Decide(consent.All(consent.Denied)).Verdicts() {
		known = append(known, v.Destination)
	}
	if r.IntN(8) != 0 && len(known) > 0 {
		x.necessary = some(r, known, 2)
	}
	if x.necessary == nil {
		x.necessary = []string{}
	}
	// What may be open, computed a second time: NewDecision gives all names of a destination one
	// verdict.
	open := make(map[string]bool)
	for v := range x.plain.Verdicts() {
		if slices.Contains(x.necessary, v.Destination) {
			open[primary(v)] = true
		}
	}
	var verdicts []consent.Verdict
	for v := range x.plain.Verdicts() {
		v.Allowed = v.Allowed || open[primary(v)]
		verdicts = append(verdicts, v)
	}
	x.original = consent.NewDecision(maps.Collect(x.plain.Categories()), verdicts, x.plain.Unlisted())
	return x
}

func primary(v consent.Verdict) string {
	if v.AliasOf != "" {
		return v.AliasOf
	}
	return v.Destination
}

func (x *special) client(c *consent.Client) *consent.Client {
	if x.necessary == nil {
		return c.Exempt("machines")
	}
	return c.Necessary("law", x.necessary...).With(x.state)
}

// reasons checks what compare does not.
func (x *special) reasons() string {
	if x.outcome.Result == consent.Refused {
		return ""
	}
	called := len(x.caller) > 0
	for v := range x.decision.Verdicts() {
		want := x.original.Allows(v.Destination)
		kind := x.destination(v.Destination)
		switch {
		case v.Allowed && v.Reason == consent.ReasonApplicationNamed:
			continue
		case v.Allowed && x.necessary == nil && v.Reason != consent.ReasonExempt:
			return fmt.Sprintf("%q is allowed for another reason", v.Destination)
		case v.Allowed && x.necessary != nil && !x.plain.Allows(v.Destination) && v.Reason != consent.ReasonNecessary:
			return fmt.Sprintf("%q is opened without a reason", v.Destination)
		case v.Reason == consent.ReasonNecessary && !x.isNecessary(v):
			return fmt.Sprintf("%q is not necessary", v.Destination)
		case want && !v.Allowed && v.Reason != consent.ReasonUnlistedDenied && !called && !kind.Warehouse && !documented.Reserved(v.Destination):
			return fmt.Sprintf("%q is closed, and should be open", v.Destination)
		}
	}
	return ""
}

func (x *special) isNecessary(v consent.Verdict) bool {
	for other := range x.decision.Verdicts() {
		if primary(other) == primary(v) && slices.Contains(x.necessary, other.Destination) {
			return true
		}
	}
	return false
}
