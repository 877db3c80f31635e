package consent_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// A witness is a client that is told of decisions.
type witness struct {
	heard *[]string
	sent  int
}

func (w *witness) Enqueue(analytics.Message) error { w.sent++; return nil }
func (*witness) Close() error                      { return nil }

func (w *witness) Decided(m analytics.Message, d consent.Decision, suppressed consent.Reason) {
	*w.heard = append(*w.heard, m.(analytics.Track).Event+": "+string(suppressed))
	if d.Allows("Amplitude") {
		panic("only this message is not told of")
	}
}

func TestNextClientIsToldOfDecisions(t *testing.T) {
	var heard []string
	next := &witness{heard: &heard}
	client := consent.New(next, decider(func(s consent.State) consent.Decision {
		granted := s.Category("analytics") == consent.Granted
		return consent.NewDecision(map[string]bool{"analytics": granted}, []consent.Verdict{
			{Destination: "Amplitude", Allowed: granted, Reason: "test"},
		}, false)
	}), &consent.Options{OnDecision: func(m analytics.Message, _ consent.Decision) {
		heard = append(heard, "then OnDecision of "+m.(analytics.Track).Event)
	}})
	require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "stays"}))
	granted := client.With(consent.NewState(map[string]bool{"analytics": true}))
	require.NoError(t, granted.Enqueue(analytics.Track{UserId: "u", Event: "leaves"}))
	require.Error(t, granted.Enqueue(analytics.Track{UserId: "u"}), "invalid, so nothing is decided")
	require.Equal(t, []string{
		"stays: no destination may see it", "then OnDecision of stays",
		"leaves: ", "then OnDecision of leaves",
	}, heard)
	require.Equal(t, 1, next.sent)
}

// A reviewer is a client that is told the policy.
type reviewer struct {
	witness
	policy consent.Policy
}

func (r *reviewer) DecidedBy(p consent.Policy) { r.policy = p }

func TestNextClientIsToldThePolicy(t *testing.T) {
	p := &pointed{}
	var next reviewer
	consent.New(&next, p, nil)
	require.Same(t, p, next.policy)
	var untold reviewer
	consent.New(&untold, (*pointed)(nil), nil)
	consent.New(&untold, nil, nil)
	require.Nil(t, untold.policy, "no policy, or a nil pointer in one")
}

type pointed struct{ _ int }

func (*pointed) Decide(consent.State) (d consent.Decision) { return d }

type decider func(consent.State) consent.Decision

func (f decider) Decide(s consent.State) consent.Decision { return f(s) }
