package hold_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/hold"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"},
}})

var withAlways = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude"}}, Always: []string{"Sift"},
})

// A bench is a Hold in front of a Recorder. It keeps every outcome and every End.
type bench struct {
	*hold.Hold
	consenttest.Recorder
	client *consent.Client

	mu       sync.Mutex
	outcomes map[string][]consent.Outcome // by event
	ends     map[string][]hold.End
}

func newBench(p consent.Policy, o hold.Options) *bench {
	b := &bench{outcomes: map[string][]consent.Outcome{}, ends: map[string][]hold.End{}}
	b.client = consent.New(&b.Recorder, p, &consent.Options{OnOutcome: func(m analytics.Message, outcome consent.Outcome) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.outcomes[name(m)] = append(b.outcomes[name(m)], outcome)
	}})
	o.OnEnd = func(m analytics.Message, why hold.End) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.ends[name(m)] = append(b.ends[name(m)], why)
	}
	b.Hold = hold.New(b.client, p, o)
	return b
}

// told reports whether the outcome of an event was told.
func (b *bench) told(event string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.outcomes[event]) > 0
}

// ended returns why the wait of an event ended.
func (b *bench) ended(event string) []hold.End {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ends[event]
}

func name(m analytics.Message) string {
	switch m := m.(type) {
	case analytics.Track:
		return m.Event
	case *analytics.Track:
		if m != nil {
			return m.Event
		}
	}
	return fmt.Sprintf("%T", m)
}

func (b *bench) track(t testing.TB, s consent.State, visitor, event string) {
	t.Helper()
	require.NoError(t, b.For(consent.NewContext(context.Background(), s), visitor).Enqueue(track(event)))
}

func track(event string) analytics.Track { return analytics.Track{AnonymousId: "a", Event: event} }

var (
	none    = consent.NewState(nil)
	granted = consenttest.Grant("analytics")
	denied  = consenttest.Deny("analytics", "advertising")
)

func TestTheAnswerDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(policy, hold.Options{})
		defer b.Hold.Close()
		captured := time.Now()
		b.track(t, none, "v", "one")
		b.track(t, none, "v", "two")
		b.track(t, none, "w", "other")
		require.Empty(t, b.outcomes)
		require.Zero(t, b.client.Stats().Enqueued)
		require.Equal(t, 2, b.Hold.Stats().Visitors)
		time.Sleep(time.Minute)

		require.NoError(t, b.Answer("v", none), "which is no answer")
		require.Empty(t, b.outcomes)
		require.NoError(t, b.Answer("v", granted))
		events := b.RequireReached(t, "Amplitude", 2)
		b.RequireNotReached(t, "Facebook Pixel")
		for i, event := range []string{"one", "two"} {
			m := events[i].Message.(analytics.Track)
			require.Equal(t, event, m.Event, "in order")
			require.True(t, captured.Equal(m.Timestamp), "the time of the event")
			require.NotEmpty(t, m.MessageId)
			require.Equal(t, []hold.End{hold.Answered}, b.ends[event])
		}
		require.NoError(t, b.Answer("v", granted))
		b.RequireReached(t, "Amplitude", 2)

		// The answer of w comes with its next request, before the event of that request.
		b.track(t, denied, "w", "next")
		require.Equal(t, consent.Suppressed, b.outcomes["other"][0].Result)
		require.Equal(t, consent.Suppressed, b.outcomes["next"][0].Result)
		b.track(t, none, "x", "last")
		require.NoError(t, b.Answer("x", consent.All(consent.Denied)))
		require.Equal(t, consent.Suppressed, b.outcomes["last"][0].Result)
		b.RequireReached(t, "Amplitude", 2)
		require.Equal(t, hold.Stats{Held: 4, Answered: 4}, b.Hold.Stats())
	})
}

func TestMessagesThatDoNotWait(t *testing.T) {
	open := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, AllowUnlisted: true})
	optOut := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, OptOut: true})
	long := make([]byte, 201)
	for title, c := range map[string]struct {
		policy  consent.Policy
		state   consent.State
		visitor string
		message analytics.Message
		want    consent.Result
	}{
		"an answer":            {policy, granted, "v", track("e"), consent.Accepted},
		"nobody looked":        {policy, consent.State{}, "v", track("e"), consent.Suppressed},
		"a signal":             {policy, none.Restrict(consenttest.Deny("advertising")), "v", track("e"), consent.Suppressed},
		"a default":            {policy, granted.Presume(), "v", track("e"), consent.Accepted},
		"no id":                {policy, none, "", track("e"), consent.Suppressed},
		"too long an id":       {policy, none, string(long), track("e"), consent.Suppressed},
		"an opt-out policy":    {optOut, none, "v", track("e"), consent.Accepted},
		"unlisted are allowed": {open, none, "v", track("e"), consent.Accepted},
		"no policy":            {nil, none, "v", track("e"), consent.Suppressed},
		"an invalid message":   {policy, none, "v", analytics.Track{Event: "e"}, consent.Refused},
		"no message":           {policy, none, "v", (*analytics.Track)(nil), consent.Refused},
		"an update":            {policy, none, "v", track(consent.UpdateEvent), consent.Refused},
		"a value without JSON": {policy, none, "v", &analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"f": func() {}}}, consent.Suppressed},
	} {
		t.Run(title, func(t *testing.T) {
			b := newBench(c.policy, hold.Options{})
			_ = b.For(consent.NewContext(t.Context(), c.state), c.visitor).Enqueue(c.message)
			require.Len(t, b.outcomes, 1)
			for _, o := range b.outcomes {
				require.Len(t, o, 1)
				require.Equal(t, c.want, o[0].Result)
			}
			require.Equal(t, hold.Stats{}, b.Hold.Stats())
			require.Empty(t, b.ends)
		})
	}
	b := newBench(policy, hold.Options{})
	require.NoError(t, b.For(t.Context(), "v").Enqueue(track("e")))
	require.EqualValues(t, 1, b.client.Stats().Unbound, "a context without a State")
}

// A message that gets no answer is decided as it would have been without the Hold.
func TestRequestsWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(withAlways, hold.Options{MaxAge: time.Hour})
		b.track(t, none, "v", "old")
		time.Sleep(30 * time.Minute)
		b.track(t, none, "v", "young")
		time.Sleep(30*time.Minute + time.Second)
		synctest.Wait()
		require.Equal(t, []hold.End{hold.Expired}, b.ends["old"])
		require.Empty(t, b.ends["young"])
		b.RequireReached(t, "Sift", 1)
		b.RequireNotReached(t, "Amplitude")
		require.NoError(t, b.Hold.Close())
		require.Equal(t, []hold.End{hold.Closed}, b.ends["young"])
		b.RequireReached(t, "Sift", 2)
		b.RequireNotReached(t, "Amplitude")
		b.track(t, none, "v", "late")
		b.RequireReached(t, "Sift", 3)
		require.NoError(t, b.Hold.Close())
		require.Equal(t, hold.Stats{Held: 2, Expired: 1, Closed: 1}, b.Hold.Stats())
		require.EqualValues(t, 3, b.client.Stats().Enqueued)

		s := newBench(policy, hold.Options{})
		s.track(t, none, "v", "e")
		require.NoError(t, s.Hold.Close())
		got := s.RequireSuppressed(t, consent.SuppressedNothingAllowed, 1)
		for v := range got[0].Decision.Verdicts() {
			require.Equal(t, consent.ReasonNoAnswer, v.Reason)
		}
	})
}

func TestBounds(t *testing.T) {
	for title, o := range map[string]hold.Options{
		"messages of one": {MaxMessages: 2},
		"bytes":           {MaxBytes: 250},
		"no age":          {MaxAge: -1},
		"no messages":     {MaxMessages: -1},
	} {
		t.Run(title, func(t *testing.T) {
			b := newBench(policy, o)
			for i := range 5 {
				b.track(t, none, "v", fmt.Sprint(i))
			}
			s := b.Hold.Stats()
			require.NotZero(t, s.NoRoom)
			require.EqualValues(t, 5, s.Held+s.NoRoom)
			require.LessOrEqual(t, s.Held, uint64(2))
			require.Equal(t, []hold.End{hold.NoRoom}, b.ends["4"])
			require.Len(t, b.RequireSuppressed(t, "", int(s.NoRoom)), int(s.NoRoom))
			require.NoError(t, b.Answer("v", granted))
			require.Zero(t, b.Hold.Stats().Bytes)
			require.Len(t, b.Reached("Amplitude"), int(s.Held))
		})
	}
	b := newBench(policy, hold.Options{MaxVisitors: 1})
	b.track(t, none, "v", "one")
	b.track(t, none, "w", "two")
	b.track(t, none, "v", "three")
	require.Equal(t, []hold.End{hold.NoRoom}, b.ends["two"])
	require.EqualValues(t, 2, b.Hold.Stats().Held)
	require.NoError(t, b.Hold.Close())
}

// A caller may reuse what it passed, as with the client itself.
func TestHeldMessagesAreCopies(t *testing.T) {
	b := newBench(policy, hold.Options{})
	m := &analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Locale: "de"}, Integrations: analytics.Integrations{"Amplitude": true}, Properties: analytics.Properties{"a": 1}}
	client := b.For(consent.NewContext(t.Context(), none), "v")
	require.NoError(t, client.Enqueue(m))
	require.NoError(t, client.Close())
	require.Empty(t, m.MessageId)
	m.Context.Locale, m.Integrations["Amplitude"], m.Properties["a"], m.Event = "fr", false, 2, "f"
	require.NoError(t, b.Answer("v", granted))
	got := b.RequireReached(t, "Amplitude", 1)[0].Message.(analytics.Track)
	require.Equal(t, "e", got.Event)
	require.Equal(t, "de", got.Context.Locale)
	require.Equal(t, 1, got.Properties["a"])
}

type broken struct{}

func (broken) Enqueue(analytics.Message) error { panic("secret") }
func (broken) Close() error                    { return nil }

func TestNoPanicEndsTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := consent.New(broken{}, withAlways, nil)
		h := hold.New(client, withAlways, hold.Options{OnEnd: func(analytics.Message, hold.End) { panic("secret") }})
		ctx := consent.NewContext(t.Context(), none)
		require.NoError(t, h.For(ctx, "v").Enqueue(track("e")))
		require.NoError(t, h.For(ctx, "v").Enqueue(track("f")))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.EqualValues(t, 2, client.Stats().Refused)
		require.Zero(t, client.Stats().Pending())
	})
	b := newBench(policy, hold.Options{})
	b.track(t, none, "v", "e")
	require.NoError(t, b.client.Close())
	require.ErrorIs(t, b.Answer("v", granted), analytics.ErrClosed)
	require.True(t, errors.Is(b.outcomes["e"][0].Err, analytics.ErrClosed), "told")
}
