package consent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
)

// A putter is a queue that keeps what it is given, or fails.
type putter struct {
	got []consent.Captured
	ctx context.Context
	err error
}

func (p *putter) Put(ctx context.Context, c consent.Captured) error {
	p.ctx = ctx
	if p.err == nil {
		p.got = append(p.got, c)
	}
	return p.err
}

var queuePolicy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
	Always:     []string{"Sift"},
})

// A printed policy has a fingerprint.
type printed struct{ *destinations.Policy }

func (printed) Fingerprint() string { return "f1" }

func TestQueuedCaptures(t *testing.T) {
	var q putter
	var decided []consent.Decision
	c := consent.NewQueued(&q, printed{queuePolicy}, &consent.Options{OnDecision: func(_ analytics.Message, d consent.Decision) { decided = append(decided, d) }})
	device, account := consenttest.Grant("analytics", "advertising"), consenttest.Grant("analytics")
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "tx"))
	cancel()
	ctx = consent.NewContextAll(ctx, queuePolicy, device, account, device)
	require.Equal(t, consent.Both(queuePolicy, device, account), consent.FromContext(ctx))
	before := time.Now()
	require.NoError(t, c.For(ctx).Anonymous(func() string { return "a1" }).Necessary("fraud", "Sift").Enqueue(&analytics.Track{
		Event: "e", Properties: analytics.Properties{"at": struct{ N int }{1}},
	}))
	require.Len(t, q.got, 1)
	x := q.got[0]
	m := x.Message.(analytics.Track)
	require.Nil(t, m.Context, "unstamped")
	require.Nil(t, m.Integrations)
	require.NotEmpty(t, m.MessageId)
	require.WithinRange(t, m.Timestamp, before, time.Now())
	require.WithinRange(t, x.At, before, time.Now())
	require.Equal(t, "a1", m.AnonymousId)
	require.True(t, x.Filled)
	require.Equal(t, []consent.State{device, account}, x.States)
	require.Equal(t, []consent.Claim{{Why: "fraud", Destinations: []string{"Sift"}}}, x.Necessary)
	require.Equal(t, "f1", x.Policy)
	require.Equal(t, json.RawMessage(`{"N":1}`), m.Properties["at"], "frozen")
	require.Equal(t, "tx", q.ctx.Value(key{}))
	require.NoError(t, q.ctx.Err(), "the context does not end")
	require.True(t, decided[0].Allows("Amplitude"))
	require.False(t, decided[0].Allows("Facebook Pixel"))

	require.NoError(t, c.With(consenttest.Deny("analytics")).Enqueue(analytics.Alias{UserId: "u", PreviousId: "p"}))
	require.Len(t, q.got, 1, "suppressed, and never stored")

	require.NoError(t, c.Exempt("nightly").Enqueue(analytics.Track{Event: "e", AnonymousId: "machine"}))
	require.Equal(t, "nightly", q.got[1].Exempt)
	require.Empty(t, q.got[1].States)

	require.NoError(t, c.With(account).About("u1").Enqueue(analytics.Track{Event: "e", UserId: "u2"}))
	require.Len(t, q.got, 2, "about another person")

	q.err = errors.New("down")
	require.ErrorIs(t, c.With(account).Enqueue(analytics.Track{Event: "e", UserId: "u"}), q.err)
	q.err = nil
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.With(account).Enqueue(analytics.Track{Event: "e", UserId: "u"}), analytics.ErrClosed)
	s := c.Stats()
	require.EqualValues(t, 2, s.Queued)
	require.EqualValues(t, 2, s.Suppressed)
	require.EqualValues(t, 2, s.Refused)
	require.EqualValues(t, 6, s.Enqueued)
	require.Zero(t, s.Pending())
}

// TestQueuedRefuses has what a direct client refuses too, and what has no meaning in a queue.
func TestQueuedRefuses(t *testing.T) {
	granted := consenttest.Grant("analytics")
	track := analytics.Track{Event: "e", UserId: "u"}
	big := analytics.Track{Event: "e", UserId: "u", MessageId: "m", Timestamp: time.Now(), Properties: analytics.Properties{"p": strings.Repeat("x", 31_780)}}
	text, err := json.Marshal(big)
	require.NoError(t, err)
	require.Less(t, len(text), 32_000)
	var q putter
	c := consent.NewQueued(&q, queuePolicy, nil).With(granted)
	require.ErrorIs(t, c.Enqueue(big), analytics.ErrMessageTooBig, "once it is stamped")
	require.ErrorIs(t, c.Enqueue(nil), consent.ErrMessage)
	require.ErrorIs(t, c.Enqueue(analytics.Track{Event: "e", UserId: "u", Properties: analytics.Properties{"f": func() {}}}), consent.ErrNoJSON)
	require.Error(t, c.Enqueue(analytics.Track{Event: "e"}))
	require.ErrorIs(t, c.Necessary("why", "Nobody's").Enqueue(track), consent.ErrNecessary)
	require.ErrorIs(t, c.Exempt("why").Enqueue(track), consent.ErrExempt)
	require.ErrorIs(t, consent.NewQueued(nil, queuePolicy, nil).Enqueue(track), consent.ErrNoClient)

	unchanged := consent.NewQueued(&q, queuePolicy, &consent.Options{DangerouslySendUnchanged: func(analytics.Message, consent.Decision, consent.Reason) {}})
	require.ErrorIs(t, unchanged.With(granted).Enqueue(track), consent.ErrConfig)
	require.ErrorIs(t, unchanged.Enqueue(analytics.Alias{UserId: "u", PreviousId: "p"}), consent.ErrConfig, "also what would be suppressed")
	require.Empty(t, q.got)

	panics := consent.NewQueued(queueFunc(func(consent.Captured) error { panic("secret") }), queuePolicy, nil)
	err = panics.With(granted).Enqueue(track)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
	require.EqualValues(t, 1, panics.Stats().Refused)
}

type queueFunc func(consent.Captured) error

func (f queueFunc) Put(_ context.Context, c consent.Captured) error { return f(c) }

// A told is the outcome of a delivered message.
func deliver(t *testing.T, c *consent.Client, x consent.Captured, now *consent.Standing) consent.Outcome {
	t.Helper()
	var all []consent.Outcome
	c.Deliver(x, now, func(o consent.Outcome) { all = append(all, o) })
	require.Len(t, all, 1)
	return all[0]
}

func TestDeliver(t *testing.T) {
	granted, denied := consenttest.Grant("analytics", "advertising"), consenttest.Deny("analytics", "advertising")
	at := time.Now()
	track := func(x consent.Captured) consent.Captured {
		x.Message = analytics.Track{Event: "e", AnonymousId: "a", MessageId: "m"}
		x.At = at
		return x
	}
	update := func(s consent.State) consent.Captured {
		return consent.Captured{At: at, States: []consent.State{s}, Message: analytics.Track{Event: consent.UpdateEvent, AnonymousId: "a", MessageId: "m"}}
	}
	asked := func(destinations map[string]bool) consent.State {
		return granted.WithDestinations(map[string]bool{"Amplitude": true}).Restrict(consent.NewState(nil).WithDestinations(destinations))
	}
	noAlways := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}}})
	for name, c := range map[string]struct {
		policy  consent.Policy
		x       consent.Captured
		now     *consent.Standing
		reached []string
		reason  consent.Reason
		err     error
		noID    bool
	}{
		"both grant":                      {x: track(consent.Captured{States: []consent.State{granted}}), now: &consent.Standing{State: granted}, reached: []string{"Amplitude", "Facebook Pixel", "Sift"}},
		"withdrawn":                       {x: track(consent.Captured{States: []consent.State{granted}}), now: &consent.Standing{State: denied}, reached: []string{"Sift"}},
		"granted since":                   {x: track(consent.Captured{States: []consent.State{denied}}), now: &consent.Standing{State: granted}, reached: []string{"Sift"}},
		"one of two denies":               {x: track(consent.Captured{States: []consent.State{granted, denied}}), now: &consent.Standing{State: granted}, reached: []string{"Sift"}},
		"the capture alone":               {x: track(consent.Captured{States: []consent.State{granted}}), reached: []string{"Amplitude", "Facebook Pixel", "Sift"}},
		"no State at all":                 {x: track(consent.Captured{}), reached: []string{"Sift"}},
		"no State, and now":               {x: track(consent.Captured{}), now: &consent.Standing{State: granted}, reached: []string{"Sift"}},
		"nobody may":                      {policy: noAlways, x: track(consent.Captured{States: []consent.State{granted}}), now: &consent.Standing{}, reason: consent.SuppressedNothingAllowed},
		"exempt":                          {x: track(consent.Captured{Exempt: "why"}), now: &consent.Standing{State: denied}, reached: []string{"Amplitude", "Facebook Pixel", "Sift"}},
		"necessary":                       {x: track(consent.Captured{States: []consent.State{granted}, Necessary: []consent.Claim{{Why: "w", Destinations: []string{"Amplitude"}}}}), now: &consent.Standing{State: denied}, reached: []string{"Amplitude", "Sift"}},
		"no longer named":                 {x: track(consent.Captured{States: []consent.State{granted}, Necessary: []consent.Claim{{Why: "w", Destinations: []string{"Gone"}}}}), now: &consent.Standing{State: granted}, err: consent.ErrNecessary},
		"a filled id":                     {x: track(consent.Captured{Filled: true, States: []consent.State{granted}}), now: &consent.Standing{State: granted}, reached: []string{"Amplitude", "Facebook Pixel", "Sift"}},
		"only a filled id":                {x: track(consent.Captured{Filled: true, States: []consent.State{granted}}), now: &consent.Standing{State: denied}, reason: consent.SuppressedNoID},
		"update":                          {x: update(granted), now: &consent.Standing{State: denied, Given: at.Add(-time.Minute)}, reached: []string{}},
		"update, same since":              {x: update(granted), now: &consent.Standing{State: granted, Given: at.Add(time.Minute)}, reached: []string{}},
		"update, superseded":              {x: update(granted), now: &consent.Standing{State: denied, Given: at.Add(time.Minute)}, reason: consent.SuppressedSuperseded},
		"update, taken back":              {x: update(granted), now: &consent.Standing{State: consent.NewState(nil), Given: at.Add(time.Minute)}, reason: consent.SuppressedSuperseded},
		"update, the same in fewer words": {x: update(consent.NewState(map[string]bool{"analytics": true, "advertising": false})), now: &consent.Standing{State: consenttest.Grant("analytics"), Given: at.Add(time.Minute)}, reached: []string{}},
		"update, more since":              {x: update(consenttest.Grant("analytics")), now: &consent.Standing{State: granted, Given: at.Add(time.Minute)}, reason: consent.SuppressedSuperseded},
		"update, less since":              {x: update(asked(nil)), now: &consent.Standing{State: asked(map[string]bool{"Facebook Pixel": false}), Given: at.Add(time.Minute)}, reason: consent.SuppressedSuperseded},
		"update, no record":               {x: update(granted), now: &consent.Standing{}, reached: []string{}},
		"no message":                      {x: consent.Captured{}, err: consent.ErrMessage},
	} {
		t.Run(name, func(t *testing.T) {
			var p consent.Policy = queuePolicy
			if c.policy != nil {
				p = c.policy
			}
			var sent []analytics.Message
			client := consent.New(enqueueFunc(func(m analytics.Message) error { sent = append(sent, m); return nil }), p, &consent.Options{
				DangerouslySendUnchanged: func(analytics.Message, consent.Decision, consent.Reason) { t.Error("a queued message is enforced") },
			})
			o := deliver(t, client, c.x, c.now)
			require.ErrorIs(t, o.Err, c.err)
			require.Equal(t, c.reason, o.Reason)
			if c.reached == nil {
				require.Empty(t, sent)
				return
			}
			require.Len(t, sent, 1)
			var reached []string
			for name, value := range sent[0].(analytics.Track).Integrations {
				if value == true {
					reached = append(reached, name)
				}
			}
			require.ElementsMatch(t, c.reached, reached)
			require.Equal(t, "a", sent[0].(analytics.Track).AnonymousId)
		})
	}
}

// An id that was filled in is dropped if another id is left.
func TestDeliverDropsAFilledID(t *testing.T) {
	var r consenttest.Recorder
	c := consent.New(&r, queuePolicy, nil)
	x := consent.Captured{
		Message: analytics.Track{Event: "e", UserId: "u", AnonymousId: "a", MessageId: "m"}, Filled: true, At: time.Now(),
		States: []consent.State{consenttest.Grant("analytics", "advertising")},
	}
	require.Equal(t, consent.Accepted, deliver(t, c, x, &consent.Standing{State: consenttest.Deny("analytics", "advertising")}).Result)
	require.Empty(t, r.Events()[0].Message.(analytics.Track).AnonymousId)
}

// A client that puts into a queue does not deliver, and neither does one without a next client.
func TestDeliverNeedsADirectClient(t *testing.T) {
	for _, c := range []*consent.Client{nil, consent.New(nil, queuePolicy, nil), consent.NewQueued(&putter{}, queuePolicy, nil)} {
		require.ErrorIs(t, deliver(t, c, consent.Captured{}, nil).Err, consent.ErrNoClient)
	}
}

// Tell goes through a queue as it goes directly.
func TestTellQueued(t *testing.T) {
	var q putter
	c := consent.NewQueued(&q, queuePolicy, nil)
	require.NoError(t, c.Tell(consent.Answer{State: consenttest.Grant("analytics"), AnonymousID: "a"}))
	require.Len(t, q.got, 2)
	require.Equal(t, consent.UpdateEvent, q.got[0].Message.(analytics.Track).Event)
}

// A router that suppresses a message for the application's integrations does so before it is
// stored, and at delivery.
func TestQueuedRouter(t *testing.T) {
	o := &consent.Options{Router: strict{}}
	var q putter
	c := consent.NewQueued(&q, queuePolicy, o).With(consenttest.Grant("analytics"))
	require.NoError(t, c.Enqueue(analytics.Track{Event: "e", UserId: "u", Integrations: analytics.Integrations{"Amplitude": false}}))
	require.Empty(t, q.got)
	require.EqualValues(t, 1, c.Stats().Suppressed)
	require.NoError(t, c.Enqueue(analytics.Track{Event: "e", UserId: "u"}))
	require.Len(t, q.got, 1)
	var r consenttest.Recorder
	x := q.got[0]
	m := x.Message.(analytics.Track)
	m.Integrations = analytics.Integrations{"Amplitude": false}
	x.Message = m
	require.Equal(t, consent.SuppressedRouter, deliver(t, consent.New(&r, queuePolicy, o), x, nil).Reason)
}

// strict is the router of Segment, but does not accept the application's integrations.
type strict struct{ consent.Segment }

func (r strict) Route(d consent.Decision, s consent.State, integrations map[string]any) consent.Route {
	if len(integrations) > 0 {
		return consent.Route{Decision: d, Suppressed: consent.SuppressedRouter}
	}
	return r.Segment.Route(d, s, nil)
}

// After an event about nobody, the client still knows which person About named.
func TestAboutOutlastsAnExemption(t *testing.T) {
	var next capture
	c := consent.New(&next, policy, nil).About("ann").Exempt("builds")
	require.NoError(t, c.Enqueue(analytics.Track{Event: "Built", AnonymousId: "machine"}))
	require.Len(t, next.sent, 1, "about no person")
	require.NoError(t, c.With(acceptAll).Enqueue(analytics.Track{Event: "e", UserId: "bob"}))
	require.NoError(t, c.For(consent.NewContext(t.Context(), acceptAll)).Enqueue(analytics.Track{Event: "e", UserId: "bob"}))
	require.Len(t, next.sent, 1, "about another person")
	require.NoError(t, c.With(acceptAll).Enqueue(analytics.Track{Event: "e", UserId: "ann"}))
	require.Len(t, next.sent, 2)
}

// When About ends an exemption, the answer of the exemption must not stay.
func TestAboutEndsAnExemption(t *testing.T) {
	var r consenttest.Recorder
	c := consent.New(&r, queuePolicy, nil).With(consenttest.Deny("analytics", "advertising"))
	require.NoError(t, c.Exempt("why").About("u").Enqueue(analytics.Track{Event: "e", UserId: "u"}))
	r.RequireReached(t, "Amplitude", 0)
}

func ExampleNewQueued() {
	var stored []consent.Captured
	q := queueFunc(func(c consent.Captured) error { stored = append(stored, c); return nil })
	tracker := consent.NewQueued(q, queuePolicy, nil)
	_ = tracker.With(consenttest.Grant("analytics")).Enqueue(analytics.Track{Event: "Ordered", UserId: "u1"})

	// Later, when the visitor has withdrawn.
	client := consent.New(consent.Discard, queuePolicy, &consent.Options{
		OnDecision: func(_ analytics.Message, d consent.Decision) { fmt.Println("Amplitude:", d.Allows("Amplitude")) },
	})
	now := consent.Standing{State: consenttest.Deny("analytics")}
	client.Deliver(stored[0], &now, func(o consent.Outcome) { fmt.Println(o.Result) })
	// Output:
	// Amplitude: false
	// discarded
}
