package consent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/destinations"
)

// A shelf is a queue that keeps the JSON of envelopes.
type shelf struct{ texts [][]byte }

func (s *shelf) Put(_ context.Context, c consent.Captured) error {
	e, err := queue.Seal(c)
	if err != nil {
		return err
	}
	text, err := json.Marshal(e)
	s.texts = append(s.texts, text)
	return err
}

// take returns what was put.
func (s *shelf) take(t testing.TB) (all []consent.Captured) {
	for _, text := range s.texts {
		var e queue.Envelope
		require.NoError(t, json.Unmarshal(text, &e), "%s", text)
		all = append(all, e.Captured)
	}
	s.texts = nil
	return all
}

// TestQueuedEqualsDirect sends random messages of all types directly and through a queue, for an
// answer that stays the same. Both must put the same bytes on the wire, and suppress and refuse
// the same messages.
//
// CONSENT_SEED makes another run of it, CONSENT_CASES a longer one.
func TestQueuedEqualsDirect(t *testing.T) {
	seed, cases := propertyRun(t, 14_000) // 5,000 of which leave
	r := rand.New(rand.NewPCG(seed, 5))
	count := map[string]int{}
	for done := 0; done < cases; {
		p, err := destinations.Compile(randomConfig(r))
		require.NoError(t, err)
		outcomes := make([]string, 2)
		tell := func(n int) *consent.Options {
			return &consent.Options{OnOutcome: func(_ analytics.Message, o consent.Outcome) {
				if o.Result == consent.Suppressed || o.Result == consent.Refused {
					outcomes[n] = fmt.Sprint(o.Result, o.Reason, o.Err)
				}
			}}
		}
		direct, directly := segment(t, p, tell(0))
		later, queued := segment(t, p, tell(1))
		var kept shelf
		capture := consent.NewQueued(&kept, p, tell(1))
		for range 100 {
			done++
			m := fullMessage(r, fmt.Sprint("m", done))
			answers := []consent.State{randomAnswer(r)}
			switch r.IntN(6) {
			case 0:
				answers[0] = consent.All(consent.Granted) // an Alias leaves for nobody else
			case 1, 2:
				answers = append(answers, randomAnswer(r))
			}
			ctx := consent.NewContextAll(context.Background(), p, answers...)
			if len(answers) == 1 {
				ctx = consent.NewContext(context.Background(), answers[0])
			}
			bind := bound(r, p, ctx)
			outcomes[0], outcomes[1] = "", ""
			directErr := bind(direct).Enqueue(m)
			queuedErr := bind(capture).Enqueue(m)
			require.Equal(t, directErr == nil, queuedErr == nil, "%v, %v", directErr, queuedErr)
			for _, x := range kept.take(t) {
				now := consent.Standing{State: answers[r.IntN(len(answers))], Given: x.At.Add(-time.Hour)}
				told := 0
				later.Deliver(x, &now, func(o consent.Outcome) {
					if told++; o.Result == consent.Suppressed || o.Result == consent.Refused {
						outcomes[1] = fmt.Sprint(o.Result, o.Reason, o.Err)
					}
				})
			}
			if outcomes[0] != "" || outcomes[1] != "" {
				require.Equal(t, outcomes[0], outcomes[1], "CONSENT_SEED=%d %#v", seed, m)
				count["stayed"]++
			}
		}
		require.NoError(t, direct.Close())
		require.NoError(t, later.Close())
		want, got := directly.messages(t), queued.messages(t)
		require.Len(t, got, len(want), "CONSENT_SEED=%d", seed)
		for i := range want {
			require.Equal(t, string(want[i]), string(got[i]), "CONSENT_SEED=%d", seed)
			var kind struct{ Type, Event string }
			require.NoError(t, json.Unmarshal(want[i], &kind))
			count[kind.Type]++
			if kind.Event == consent.UpdateEvent {
				count["update"]++
			}
		}
	}
	t.Log(count)
	for _, kind := range []string{"track", "identify", "page", "screen", "group", "alias", "update", "stayed"} {
		require.True(t, cases < 1000 || count[kind] > 0, kind)
	}
}

// bound returns a random way to bind a client.
func bound(r *rand.Rand, p consent.Policy, ctx context.Context) func(*consent.Client) *consent.Client {
	exempt, anonymous := r.IntN(8) == 0, r.IntN(3) == 0
	var necessary []string
	if r.IntN(4) == 0 {
		for v := range p.Decide(consent.All(consent.Denied)).Verdicts() {
			if r.IntN(4) == 0 {
				necessary = append(necessary, v.Destination)
			}
		}
	}
	return func(c *consent.Client) *consent.Client {
		c = c.For(ctx)
		if exempt {
			c = c.Exempt("nightly totals")
		}
		if anonymous {
			c = c.Anonymous(func() string { return "filled" })
		}
		if len(necessary) > 0 {
			c = c.Necessary("fraud", necessary...)
		}
		return c
	}
}

// fullMessage returns a random message with values of all sorts.
func fullMessage(r *rand.Rand, id string) analytics.Message {
	m := randomMessage(r, id)
	at := time.Unix(r.Int64N(4e9), r.Int64N(1e9)).In(time.FixedZone("x", 60*(r.IntN(1600)-800)))
	user, anonymous := []string{"u", "", "ü<&>"}[r.IntN(3)], []string{"a", "", "日"}[r.IntN(3)]
	switch m := m.(type) {
	case *analytics.Track:
		m.Timestamp, m.Properties, m.UserId, m.AnonymousId = at, randomObject(r, 0), user, anonymous
		m.Context = fullContext(r, m.Context)
		m.Integrations = fullIntegrations(r, m.Integrations)
	case *analytics.Identify:
		m.Timestamp, m.Traits, m.UserId, m.AnonymousId = at, randomObject(r, 0), user, anonymous
		m.Context = fullContext(r, m.Context)
	case *analytics.Page:
		m.Timestamp, m.Properties, m.Name, m.UserId, m.AnonymousId = at, randomObject(r, 0), "n<", user, anonymous
		m.Integrations = fullIntegrations(r, m.Integrations)
	case *analytics.Screen:
		m.Timestamp, m.Properties, m.UserId, m.AnonymousId = at, randomObject(r, 0), user, anonymous
	case *analytics.Group:
		m.Timestamp, m.Traits, m.UserId, m.AnonymousId = at, randomObject(r, 0), user, anonymous
		m.Context = fullContext(r, m.Context)
	case *analytics.Alias:
		m.Timestamp = at
		m.Context = fullContext(r, m.Context)
	}
	return m
}

func fullContext(r *rand.Rand, c *analytics.Context) *analytics.Context {
	if c == nil || r.IntN(2) == 0 {
		return c
	}
	c.Traits = randomObject(r, 1)
	c.IP = net.IPv4(1, 2, 3, byte(r.IntN(256)))
	c.Location.Latitude = r.NormFloat64()
	c.Screen.Width = r.IntN(3000)
	c.Campaign.Name, c.UserAgent, c.Direct = "<c>", "\u2028", r.IntN(2) == 0
	c.Extra = randomObject(r, 0)
	return c
}

// fullIntegrations adds options in the forms that Go has for them.
func fullIntegrations(r *rand.Rand, i analytics.Integrations) analytics.Integrations {
	if i == nil {
		return i
	}
	options := []any{
		map[string]bool{"all": false}, map[string]any{"ALL": false}, json.RawMessage(`{"all": false}`), json.RawMessage(" false "),
		struct{ All bool }{}, map[string]any{"all": false, "n": int64(math.MaxInt64)}, json.RawMessage("null"), json.RawMessage("true"), "false", 0,
	}
	for _, name := range some(r, []string{"Warehouses", "warehouses", "Amplitude", "Snowflake", "All", "Amazon S3"}, 3) {
		i[name] = options[r.IntN(len(options))]
	}
	return i
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	if r.IntN(4) == 0 {
		return nil
	}
	m := map[string]any{}
	for _, name := range some(r, []string{"a", "b", "<k>", "é", "", "z", "consent", "0"}, 2) {
		m[name] = randomValue(r, depth)
	}
	return m
}

func randomValue(r *rand.Rand, depth int) any {
	switch r.IntN(14) {
	case 0:
		return int64(9007199254740993) + r.Int64N(1000)
	case 1:
		return r.Uint64()
	case 2:
		return r.NormFloat64() * math.Pow(10, float64(r.IntN(50)-25))
	case 3:
		return float32(r.NormFloat64())
	case 4:
		return time.Unix(r.Int64N(4e9), r.Int64N(1e9))
	case 5:
		return struct {
			Z string `json:"z"`
			A *int
		}{Z: "<&>"}
	case 6:
		return json.RawMessage(`{"z": 1.0, "a": [1e2, "\u00e9"], "z2": 12345678901234567890}`)
	case 7:
		return []any{nil, true, "\"\\/\u2029", []string{"x"}}
	case 8:
		return nil
	case 9:
		return []byte("bytes")
	case 10:
		return slices.Repeat([]string{"x"}, r.IntN(3))
	case 11:
		if depth < 4 {
			return randomObject(r, depth+1)
		}
		return net.IPv4(1, 1, 1, 1)
	case 12:
		return r.IntN(2) == 0
	default:
		return "text <b>& \u007f"
	}
}

// TestQueuedIsNeverWider delivers random messages. For each there are the answers that were
// captured and the current one, and the policy may have changed since the capture. What leaves
// must be allowed by each answer.
//
// CONSENT_SEED makes another run of it, CONSENT_CASES a longer one.
func TestQueuedIsNeverWider(t *testing.T) {
	seed, cases := propertyRun(t, 20_000)
	r := rand.New(rand.NewPCG(seed, 6))
	var policy consent.Policy
	var told []consent.Decision
	var sent []analytics.Track
	count := map[consent.Result]int{}
	client := consent.New(enqueueFunc(func(m analytics.Message) error {
		sent = append(sent, m.(analytics.Track))
		return nil
	}), decideFunc(func(s consent.State) consent.Decision { return policy.Decide(s) }), &consent.Options{
		OnDecision: func(_ analytics.Message, d consent.Decision) { told = append(told, d) },
	})
	for i := range cases {
		if i%20 == 0 {
			compiled, err := destinations.Compile(randomConfig(r))
			require.NoError(t, err)
			policy = compiled
		}
		states := []consent.State{randomAnswer(r)}
		if r.IntN(2) == 0 {
			states = append(states, randomAnswer(r))
		}
		x := consent.Captured{
			Message: analytics.Track{UserId: "u", Event: "e", Integrations: randomIntegrations(r)},
			States:  states, At: time.Now(),
		}
		now := consent.Standing{State: carried(r, randomAnswer(r)), Given: time.Now()}
		told, sent = nil, nil
		var outcomes []consent.Outcome
		client.Deliver(x, &now, func(o consent.Outcome) { outcomes = append(outcomes, o) })
		require.Len(t, outcomes, 1)
		require.Len(t, told, 1)
		count[outcomes[0].Result]++
		for _, s := range append(states, now.State) {
			d := policy.Decide(s)
			fail := func(what string) {
				t.Fatalf("CONSENT_SEED=%d %s\nstates %v\nnow %v\nintegrations %#v", seed, what, states, now.State, sent)
			}
			for _, m := range sent {
				for name, value := range m.Integrations {
					if name != "All" && name != "Warehouses" && name != "Segment.io" && value != false && m.Integrations["All"] == false && !d.Allows(name) {
						fail(name)
					}
				}
				if m.Integrations["All"] != false && !d.Unlisted() {
					fail("open form")
				}
				for v := range d.Verdicts() {
					if !v.Allowed && told[0].Allows(v.Destination) {
						fail(v.String())
					}
				}
			}
		}
	}
	t.Log(count)
	require.NotZero(t, count[consent.Accepted])
	require.NotZero(t, count[consent.Suppressed])
}

type enqueueFunc func(analytics.Message) error

func (f enqueueFunc) Enqueue(m analytics.Message) error { return f(m) }
func (enqueueFunc) Close() error                        { return nil }
