package routers_test

import (
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/middleware/preferences"
)

var (
	_ analytics.Client   = (*routers.Client)(nil)
	_ preferences.Teller = (*routers.Client)(nil)
)

// A sender is an analytics.Client that is one function.
type sender func(analytics.Message) error

func (s sender) Enqueue(m analytics.Message) error { return s(m) }
func (s sender) Close() error                      { return nil }

// ids are what clients fill in.
type ids struct {
	MessageID, AnonymousID string
	Timestamp              time.Time
}

func idsOf(t *testing.T, e consenttest.Event) (i ids) {
	t.Helper()
	require.NoError(t, json.Unmarshal(e.JSON, &i))
	return i
}

func sixTypes() []analytics.Message {
	return []analytics.Message{
		track(), &analytics.Identify{UserId: "u"}, analytics.Page{UserId: "u"}, &analytics.Screen{UserId: "u"},
		analytics.Group{UserId: "u", GroupId: "g"}, &analytics.Alias{UserId: "u", PreviousId: "p"},
	}
}

func TestEachRouterGetsTheSameMessage(t *testing.T) {
	var old, new consenttest.Recorder
	client := newClient(t, &old, &new, nil).With(consenttest.Grant("analytics", "ads", "fraud"))
	before := time.Now()
	for i, m := range sixTypes() {
		given := sixTypes()[i]
		require.NoError(t, client.Enqueue(m))
		require.Equal(t, given, m, "the caller's stays as it is")
		require.Len(t, old.Events(), i+1)
		require.Len(t, new.Events(), i+1)
		sent := idsOf(t, old.Events()[i])
		require.Equal(t, sent, idsOf(t, new.Events()[i]), "%T", m)
		require.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", sent.MessageID, "a UUID")
		require.False(t, sent.Timestamp.Before(before.Truncate(time.Microsecond)))
		require.Equal(t, old.Events()[i].JSON, new.Events()[i].JSON)
	}
	seen := make(map[string]bool)
	for _, e := range old.Events() {
		seen[idsOf(t, e).MessageID] = true
	}
	require.Len(t, seen, 6, "two messages never share an id")

	// What the application has set is kept.
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, client.Enqueue(analytics.Track{MessageId: "m", AnonymousId: "a", Event: "e", Timestamp: at}))
	for _, r := range []*consenttest.Recorder{&old, &new} {
		require.Equal(t, ids{"m", "a", at}, idsOf(t, r.Events()[6]))
	}
}

func TestAnAnonymousIDIsAskedForOnce(t *testing.T) {
	var asked int
	id := func() string { asked++; return string(rune('a' + asked)) }
	for name, c := range map[string]struct {
		state         consent.State
		asked         int
		first, second string
	}{
		"for both":       {consenttest.Grant("analytics", "ads"), 1, "b", "b"},
		"for the second": {consenttest.Grant("ads").Restrict(consenttest.Deny("analytics")), 1, "", "b"},
		"for neither":    {consenttest.Deny("analytics", "ads"), 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var old, new consenttest.Recorder
			client, err := routers.New(
				routers.Named{Name: "old", Client: consent.New(&old, policy, &consent.Options{Router: consent.Gate{Destinations: []string{"Amplitude"}}})},
				routers.Named{Name: "new", Client: consent.New(&new, policy, &consent.Options{Router: gate})},
			)
			require.NoError(t, err)
			asked = 0
			require.NoError(t, client.Anonymous(id).With(c.state).Enqueue(analytics.Track{Event: "e"}))
			require.Equal(t, c.asked, asked)
			for r, want := range map[*consenttest.Recorder]string{&old: c.first, &new: c.second} {
				if want == "" {
					require.Empty(t, r.Events())
				} else {
					require.Equal(t, want, idsOf(t, r.Events()[0]).AnonymousID)
				}
			}
		})
	}

	// The next message gets an id of its own.
	var old, new consenttest.Recorder
	asked = 0
	client := newClient(t, &old, &new, nil).With(onlyAnalytics).Anonymous(id)
	for i := range 2 {
		require.NoError(t, client.Enqueue(analytics.Track{Event: "e"}))
		require.Equal(t, i+1, asked)
	}
}

// Whatever happens at one router, the others get the message, in the order of New.
func TestAnErrorAtOneRouterDoesNotKeepTheMessageFromTheOthers(t *testing.T) {
	down := errors.New("down")
	for name, fault := range map[string]func() error{
		"an error": func() error { return down },
		"a panic":  func() error { panic("down") },
		"an exit":  func() error { runtime.Goexit(); return nil },
	} {
		for at := range 3 {
			t.Run(name, func(t *testing.T) {
				var reached []int
				var outcomes [3]consent.Outcome
				var named []routers.Named
				for i, router := range []string{"a", "b", "c"} {
					send := sender(func(analytics.Message) error {
						reached = append(reached, i)
						if i == at {
							return fault()
						}
						return nil
					})
					named = append(named, routers.Named{Name: router, Client: consent.New(send, policy, &consent.Options{
						OnOutcome: func(_ analytics.Message, o consent.Outcome) { outcomes[i] = o },
					})})
				}
				client, err := routers.New(named...)
				require.NoError(t, err)
				var got error
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					defer func() { _ = recover() }()
					got = client.With(onlyAnalytics).Enqueue(track())
				}()
				<-ended
				require.Equal(t, []int{0, 1, 2}, reached)
				for i, o := range outcomes {
					want := consent.Accepted
					if i == at {
						want = consent.Refused
					}
					require.Equal(t, want, o.Result, "router %d", i)
				}
				if name == "an error" {
					require.ErrorIs(t, got, down)
					require.EqualError(t, got, `router "`+named[at].Name+`": down`)
				}
			})
		}
	}
}

func TestErrorsOfAllAreJoined(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	client := newClient(t, sender(func(analytics.Message) error { return one }), sender(func(analytics.Message) error { return two }), nil)
	err := client.With(onlyAnalytics).Enqueue(track())
	require.ErrorIs(t, err, one)
	require.ErrorIs(t, err, two)
	require.ErrorIs(t, client.Enqueue(nil), consent.ErrMessage)
	require.ErrorIs(t, client.Enqueue((*analytics.Track)(nil)), consent.ErrMessage)
	var invalid analytics.FieldError
	require.ErrorAs(t, client.With(onlyAnalytics).Enqueue(analytics.Track{UserId: "u"}), &invalid)
	err = client.With(onlyAnalytics).Tell(consent.Answer{State: onlyAnalytics, UserID: "u"})
	require.ErrorIs(t, err, one)
	require.ErrorIs(t, err, two)
}

// Each router decides for itself, and the hooks and Stats of its client tell of it.
func TestEachRoutersOwnOutcomeIsTold(t *testing.T) {
	type told struct {
		router  string
		result  consent.Result
		reason  consent.Reason
		allowed bool // Amplitude
	}
	var heard []told
	decided := make(map[string]bool)
	options := func(name string, r consent.Router) *consent.Options {
		return &consent.Options{
			Router: r,
			OnDecision: func(_ analytics.Message, d consent.Decision) {
				decided[name] = d.Allows("Amplitude")
			},
			OnOutcome: func(_ analytics.Message, o consent.Outcome) {
				heard = append(heard, told{name, o.Result, o.Reason, decided[name]})
			},
		}
	}
	var old, new consenttest.Recorder
	client, err := routers.New(
		routers.Named{Name: "old", Client: consent.New(&old, policy, options("old", nil))},
		routers.Named{Name: "new", Client: consent.New(&new, policy, options("new", gate))},
	)
	require.NoError(t, err)
	require.NoError(t, client.With(onlyAnalytics).Enqueue(track()))
	require.Equal(t, []told{
		{"old", consent.Accepted, "", true},
		{"new", consent.Suppressed, consent.SuppressedNothingAllowed, false},
	}, heard)
	old.RequireReached(t, "Amplitude", 1)
	old.RequireReached(t, "Facebook Pixel", 0)
	require.Empty(t, new.Events())
	require.Equal(t, map[string]consent.Stats{"old": {Enqueued: 1, Accepted: 1}, "new": {Enqueued: 1, Suppressed: 1}}, client.Stats())
}

// A client that writes to what it is given does not disturb the other, nor the caller. With
// the race detector, the goroutine shows what is shared.
func TestRoutersShareNoMap(t *testing.T) {
	var others sync.WaitGroup
	spoil := sender(func(m analytics.Message) error {
		sent := m.(analytics.Track)
		others.Add(1)
		go func() {
			defer others.Done()
			sent.Properties["own"], sent.Context.Traits["own"], sent.Context.Extra["own"] = true, true, true
			sent.Integrations["own"], sent.Context.Locale = true, "xx"
		}()
		return nil
	})
	var recorder consenttest.Recorder
	client := newClient(t, spoil, &recorder, nil).With(onlyAnalytics)
	given := func() analytics.Track {
		m := track()
		m.Properties, m.Integrations = analytics.Properties{"n": 1}, analytics.Integrations{"Amplitude": true}
		m.Context = &analytics.Context{Traits: analytics.Traits{"n": 1}, Extra: map[string]any{"n": 1}}
		return m
	}
	m := given()
	for range 100 {
		require.NoError(t, client.Enqueue(m))
	}
	others.Wait()
	require.Equal(t, given(), m)
	require.Len(t, recorder.Events(), 100)
	for _, e := range recorder.Events() {
		require.NotContains(t, string(e.JSON), "own")
		require.NotContains(t, string(e.JSON), "xx")
	}
}

func TestBindingsCountAtEveryRouter(t *testing.T) {
	var old, new consenttest.Recorder
	root := newClient(t, &old, &new, nil)
	both := func(n int, why string) {
		t.Helper()
		require.Len(t, old.Events(), n, why)
		require.Len(t, new.Events(), n, why)
	}
	require.NoError(t, root.Enqueue(track()))
	both(0, "bound to nobody")
	require.NoError(t, root.For(consenttest.Context(t, onlyAnalytics)).Enqueue(track()))
	both(1, "For")
	require.NoError(t, root.With(onlyAnalytics).About("another").Enqueue(track()))
	both(1, "About another")
	require.NoError(t, root.Exempt("nightly totals").Enqueue(analytics.Track{AnonymousId: "machine", Event: "Built"}))
	both(2, "Exempt")
	require.NoError(t, root.With(consenttest.Deny("fraud")).Necessary("a payment is checked", "Sift").Enqueue(track()))
	both(3, "Necessary")
	require.ErrorIs(t, root.Necessary("a payment is checked", "Nobody's").Enqueue(track()), consent.ErrNecessary)
	require.NoError(t, root.Tell(consent.Answer{State: consenttest.Deny("ads"), UserID: "u"}))
	both(4, "an update of preferences")
	require.EqualValues(t, 2, root.Stats()["new"].Unbound)
	require.True(t, newClient(t, &old, &new, gate).Opens(onlyAnalytics))
	require.False(t, root.Opens(consenttest.Deny("analytics", "ads", "fraud")))
	require.False(t, (*routers.Client)(nil).Opens(onlyAnalytics))
}
