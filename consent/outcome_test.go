package consent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// outcomes is an OnOutcome that remembers.
type outcomes struct {
	mu  sync.Mutex
	all []consent.Outcome
	of  []analytics.Message
}

func (o *outcomes) hear(m analytics.Message, outcome consent.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, outcome)
	o.of = append(o.of, m)
}

func (o *outcomes) results() (r []consent.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, outcome := range o.all {
		r = append(r, outcome.Result)
	}
	return r
}

func (o *outcomes) only(t *testing.T) consent.Outcome {
	t.Helper()
	require.Len(t, o.results(), 1)
	return o.all[0]
}

// closed checks that every message had one outcome.
func closed(t testing.TB, s consent.Stats) {
	t.Helper()
	require.Zero(t, s.Pending(), "%+v", s)
}

// allTold waits until every outcome is told. On a busy machine, the second that Shutdown waits
// for that may not be enough. The tests of delivery.Sender, with a fake clock, check that
// Shutdown waits at all.
func allTold(t testing.TB, client *consent.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, client.Flush(ctx))
}

func ordered() analytics.Track { return analytics.Track{UserId: "u", Event: "Ordered"} }

// quick is a Config that sends at once and does not wait long between attempts.
func quick(endpoint string) analytics.Config {
	return analytics.Config{
		Endpoint: endpoint, Interval: time.Millisecond, Logger: silent{}, Transport: &http.Transport{},
		RetryAfter: func(int) time.Duration { return time.Millisecond },
	}
}

func TestEveryMessageHasOneOutcome(t *testing.T) {
	server := newFlaky(t)
	var o outcomes
	client, err := consent.NewSegment("key", quick(server.URL), policy, &consent.Options{OnOutcome: o.hear})
	require.NoError(t, err)
	visitor := client.With(acceptAll)

	require.NoError(t, visitor.Enqueue(ordered()))
	require.NoError(t, client.Flush(t.Context()))
	server.set(badRequest)
	require.NoError(t, visitor.Enqueue(ordered()))
	require.NoError(t, client.Flush(t.Context()))
	require.NoError(t, client.Enqueue(ordered()), "suppressed")
	require.Error(t, visitor.Enqueue(nil))
	require.Error(t, visitor.Enqueue(analytics.Track{}))
	require.NoError(t, client.Close())
	require.ErrorIs(t, visitor.Enqueue(ordered()), analytics.ErrClosed)

	require.Equal(t, []consent.Result{
		consent.Delivered, consent.Failed, consent.Suppressed, consent.Refused, consent.Refused, consent.Refused,
	}, o.results())
	require.ErrorContains(t, o.all[1].Err, "400")
	require.Equal(t, consent.SuppressedNothingAllowed, o.all[2].Reason)
	require.ErrorIs(t, o.all[3].Err, consent.ErrMessage)
	require.Equal(t, consent.Stats{Enqueued: 6, Delivered: 1, Failed: 1, Suppressed: 1, Refused: 3, Unbound: 1}, client.Stats())
	require.EqualValues(t, 1, server.taken.Load())
}

func TestAWrappedClientOnlyAccepts(t *testing.T) {
	var o outcomes
	client := consent.New(&capture{}, policy, &consent.Options{OnOutcome: o.hear})
	require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	require.Equal(t, consent.Accepted, o.only(t).Result)
	require.ErrorIs(t, client.Flush(t.Context()), consent.ErrNotTracked)
	lost, err := client.Shutdown(t.Context())
	require.NoError(t, err)
	require.Equal(t, -1, lost, "nobody knows")
	require.ErrorIs(t, client.With(acceptAll).Enqueue(ordered()), analytics.ErrClosed)
	_, err = client.Shutdown(t.Context())
	require.ErrorIs(t, err, analytics.ErrClosed)
	require.Equal(t, consent.Stats{Enqueued: 2, Accepted: 1, Refused: 1}, client.Stats())

	failing := errors.New("no")
	client = consent.New(&capture{err: failing}, policy, nil)
	require.ErrorIs(t, client.With(acceptAll).Enqueue(ordered()), failing)
	require.Equal(t, consent.Stats{Enqueued: 1, Refused: 1}, client.Stats())
	require.Zero(t, (*consent.Client)(nil).Stats())
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("secret") }

type fails struct{}

func (fails) MarshalJSON() ([]byte, error) { return nil, errors.New("secret") }

func TestWhatHasNoJSONIsRefused(t *testing.T) {
	cycle := object{}
	cycle["self"] = cycle
	list := []any{nil}
	list[0] = list
	for name, m := range map[string]analytics.Message{
		"a panic":             analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"a": panics{}}},
		"an error":            analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"a": []any{object{"b": fails{}}}}},
		"a channel":           analytics.Identify{UserId: "u", Traits: analytics.Traits{"a": make(chan int)}},
		"a function":          analytics.Group{UserId: "u", GroupId: "g", Traits: analytics.Traits{"a": func() {}}},
		"not a number":        analytics.Page{UserId: "u", Properties: analytics.Properties{"a": math.NaN()}},
		"infinity":            analytics.Screen{UserId: "u", Properties: analytics.Properties{"a": float32(math.Inf(1))}},
		"a map in itself":     analytics.Track{UserId: "u", Event: "e", Properties: cycle},
		"a list in itself":    analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"a": list}},
		"in the context":      analytics.Alias{UserId: "u", PreviousId: "p", Context: &analytics.Context{Extra: object{"a": panics{}}}},
		"in the traits there": analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Traits: analytics.Traits{"a": fails{}}}},
		"in an option":        analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"Amplitude": fails{}}},
		"a latitude":          analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Location: analytics.LocationInfo{Latitude: math.NaN()}}},
		"an address":          analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{IP: net.IP{1, 2, 3}}},
		"a time":              analytics.Track{UserId: "u", Event: "e", Timestamp: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"a zone":              analytics.Track{UserId: "u", Event: "e", Timestamp: time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 25*60*60))},
	} {
		t.Run(name, func(t *testing.T) {
			var o outcomes
			client, wire := segment(t, policy, &consent.Options{OnOutcome: o.hear})
			err := client.With(acceptAll).Enqueue(m)
			require.ErrorIs(t, err, consent.ErrNoJSON)
			require.NotContains(t, err.Error(), "secret")
			require.Equal(t, consent.Refused, o.only(t).Result)
			require.NoError(t, client.Close())
			require.Empty(t, wire.messages(t))
			closed(t, client.Stats())
		})
	}
}

// This library sends the same JSON that analytics-go would.
func TestFrozenMessagesAreTheSame(t *testing.T) {
	type own struct {
		A int `json:"a"`
		B []string
	}
	n := 3
	properties := analytics.Properties{
		"nil": nil, "bool": true, "string": "<é>", "int": -1, "uint": uint8(2), "float": 1.5, "big": 1e300,
		"time": time.Unix(1, 2).UTC(), "strings": []string{"a", "b"}, "map": object{"a": object{"b": []any{1, own{1, nil}}}},
		"bools": map[string]bool{"a": true}, "own": own{2, []string{"x"}}, "pointer": &n, "products": []analytics.Product{{Name: "p", Price: 1}},
		"number": json.Number("12"), "raw": json.RawMessage(`{"z": [1, 2]}`), "duration": time.Second, "ints": []int{1, 2},
	}
	context := &analytics.Context{Locale: "de", IP: net.IPv4(192, 0, 2, 1), Traits: analytics.Traits{"own": own{}}, Extra: object{"own": &own{}}}
	m := analytics.Track{UserId: "u", Event: "Ordered", MessageId: "m", Timestamp: time.Unix(3, 4), Properties: properties, Context: context}
	given, err := json.Marshal(properties)
	require.NoError(t, err)

	var plain capture
	require.NoError(t, consent.New(&plain, policy, nil).With(acceptAll).Enqueue(m))
	want, err := json.Marshal(plain.sent[0])
	require.NoError(t, err)

	client, wire := segment(t, policy, nil)
	require.NoError(t, client.With(acceptAll).Enqueue(m))
	require.NoError(t, client.Close())
	got := wire.messages(t)
	require.Len(t, got, 1)
	require.JSONEq(t, strings.Replace(string(want), `{"`, `{"type":"track","`, 1), string(got[0]))

	after, err := json.Marshal(properties)
	require.NoError(t, err)
	require.Equal(t, string(given), string(after), "the caller's properties are unchanged")
	require.IsType(t, own{}, properties["own"])
}

func TestSizeIsThatOfAnalyticsGo(t *testing.T) {
	client, wire := segment(t, policy, nil)
	visitor := client.With(acceptAll)
	sized := func(n int, c string) analytics.Track {
		return analytics.Track{UserId: "u", Event: "e", MessageId: "m", Timestamp: time.Unix(0, 0).UTC(), Properties: analytics.Properties{"p": strings.Repeat(c, n)}}
	}
	require.NoError(t, visitor.Enqueue(sized(31_000, "a")), "the estimate is larger")
	require.ErrorIs(t, visitor.Enqueue(sized(33_000, "a")), analytics.ErrMessageTooBig)
	require.NoError(t, visitor.Enqueue(sized(5_100, "<")), "every byte becomes six")
	require.ErrorIs(t, visitor.Enqueue(sized(5_400, "\x01")), analytics.ErrMessageTooBig)
	require.NoError(t, client.Close())
	require.Len(t, wire.messages(t), 2)
	require.Equal(t, consent.Stats{Enqueued: 4, Delivered: 2, Refused: 2}, client.Stats())
}

// No callback, hook or logger makes Enqueue wait, however slow it is.
func TestEnqueueDoesNotHang(t *testing.T) {
	server := newFlaky(t)
	server.set(hang)
	release := make(chan struct{})
	config := quick(server.URL)
	config.BatchSize = 1
	config.Callback = &blocking{release}
	client, err := consent.NewSegment("key", config, policy, &consent.Options{MaxPending: 2000})
	require.NoError(t, err)
	visitor := client.With(acceptAll)
	for range 2000 { // past the 1,000 requests that analytics-go has at once
		require.NoError(t, visitor.Enqueue(ordered()))
	}
	require.ErrorIs(t, visitor.Enqueue(ordered()), consent.ErrFull)
	server.set(noFault)
	close(release)
	require.NoError(t, client.Flush(t.Context()))
	require.NoError(t, visitor.Enqueue(ordered()))
	require.NoError(t, client.Close())
	s := client.Stats()
	closed(t, s)
	require.EqualValues(t, 2002, s.Enqueued)
	require.EqualValues(t, 1, s.Refused)
}

type blocking struct{ release chan struct{} }

func (b *blocking) Success(analytics.Message)        { <-b.release }
func (b *blocking) Failure(analytics.Message, error) { <-b.release }

func TestEnqueueWaitsForAPlaceIfTold(t *testing.T) {
	release := make(chan struct{})
	config := analytics.Config{Transport: &wire{}, Logger: silent{}, BatchSize: 1, Callback: &blocking{release}}
	client, err := consent.NewSegment("key", config, policy, &consent.Options{MaxPending: 1, Wait: time.Hour})
	require.NoError(t, err)
	visitor := client.With(acceptAll)
	require.NoError(t, visitor.Enqueue(ordered()))
	done := make(chan error)
	go func() { done <- visitor.Enqueue(ordered()) }()
	close(release)
	require.NoError(t, <-done)
	require.NoError(t, client.Close())

	short, err := consent.NewSegment("key", analytics.Config{Transport: &wire{}, Logger: silent{}, Interval: time.Hour}, policy,
		&consent.Options{MaxPending: 1, Wait: time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, short.With(acceptAll).Enqueue(ordered()))
	require.ErrorIs(t, short.With(acceptAll).Enqueue(ordered()), consent.ErrFull)
	require.NoError(t, short.Close())

	_, err = consent.NewSegment("key", analytics.Config{}, policy, &consent.Options{MaxPending: -1})
	require.ErrorIs(t, err, consent.ErrConfig)
}

func TestCloseReturnsWhenEveryLossIsTold(t *testing.T) {
	server := newFlaky(t)
	server.set(badRequest)
	var o outcomes
	slow := func(m analytics.Message, outcome consent.Outcome) {
		time.Sleep(time.Millisecond)
		o.hear(m, outcome)
	}
	client, err := consent.NewSegment("key", quick(server.URL), policy, &consent.Options{OnOutcome: slow})
	require.NoError(t, err)
	for range 50 {
		require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	}
	require.NoError(t, client.Close())
	require.Len(t, o.results(), 50)
	require.ErrorIs(t, client.Close(), analytics.ErrClosed)
}

func TestCloseReturnsIfACallbackEndsItsGoroutine(t *testing.T) {
	for _, answer := range []fault{noFault, badRequest} {
		t.Run(answer.String(), func(t *testing.T) {
			server := newFlaky(t)
			server.set(answer)
			config := quick(server.URL)
			config.Interval = 30 * time.Millisecond                                 // one batch
			leaves := func(analytics.Message, consent.Outcome) { runtime.Goexit() } // as a failed require does
			client, err := consent.NewSegment("key", config, policy, &consent.Options{OnOutcome: leaves})
			require.NoError(t, err)
			for range 4 {
				require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
			}
			done := make(chan error, 1)
			go func() { done <- client.Close() }()
			select {
			case err := <-done:
				require.NoError(t, err)
			case <-time.After(time.Minute):
				t.Fatal("Close does not return")
			}
		})
	}
}

// once is a value that can be marshaled only once.
type once struct{ made *atomic.Bool }

func (o once) MarshalJSON() ([]byte, error) {
	if o.made.Swap(true) {
		panic("later")
	}
	return []byte("1"), nil
}

func TestTheDefaultContextIsMadeOnce(t *testing.T) {
	given := map[string]any{"made": once{new(atomic.Bool)}}
	var w wire
	config := analytics.Config{Transport: &w, Logger: silent{}, DefaultContext: &analytics.Context{Extra: given}}
	client, err := consent.NewSegment("key", config, policy, nil)
	require.NoError(t, err)
	require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	require.NoError(t, client.Close())
	require.Len(t, w.messages(t), 1)
	require.Equal(t, consent.Stats{Enqueued: 1, Delivered: 1}, client.Stats())
	require.IsType(t, once{}, given["made"], "the caller's map is not changed")

	for _, value := range []any{given["made"], math.NaN(), make(chan int)} {
		config.DefaultContext = &analytics.Context{Extra: map[string]any{"value": value}}
		_, err := consent.NewSegment("key", config, policy, nil)
		require.ErrorIs(t, err, consent.ErrConfig)
		require.ErrorIs(t, err, consent.ErrNoJSON)
	}
}

func TestShutdownHasADeadlineAndCountsWhatIsLost(t *testing.T) {
	server := newFlaky(t)
	server.set(hang)
	var o outcomes
	client, err := consent.NewSegment("key", quick(server.URL), policy, &consent.Options{OnOutcome: o.hear})
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	}
	derived, err := client.With(acceptAll).Shutdown(t.Context())
	require.NoError(t, err)
	require.Zero(t, derived)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	lost, err := client.Shutdown(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, 10, lost)
	allTold(t, client)
	require.Equal(t, consent.Stats{Enqueued: 10, Failed: 10}, client.Stats())
	for _, outcome := range o.all {
		require.ErrorContains(t, outcome.Err, "given up")
	}
	_, err = client.Shutdown(t.Context())
	require.ErrorIs(t, err, analytics.ErrClosed)
	require.ErrorIs(t, client.With(acceptAll).Enqueue(ordered()), analytics.ErrClosed)

	client, w := segment(t, policy, nil)
	require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	lost, err = client.Shutdown(t.Context())
	require.NoError(t, err)
	require.Zero(t, lost)
	require.Len(t, w.messages(t), 1)
}

func TestShutdownDoesNotWaitForACallback(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	config := analytics.Config{Transport: &wire{}, Logger: silent{}, Callback: &blocking{release}}
	client, err := consent.NewSegment("key", config, policy, nil)
	require.NoError(t, err)
	require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lost, err := client.Shutdown(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, lost, "its outcome is not known")
}

func TestFlushEndsWithItsContext(t *testing.T) {
	server := newFlaky(t)
	server.set(hang)
	client, err := consent.NewSegment("key", quick(server.URL), policy, nil)
	require.NoError(t, err)
	require.NoError(t, client.Flush(t.Context()), "nothing is pending")
	require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, client.Flush(ctx), context.DeadlineExceeded)
	server.set(noFault)
	require.NoError(t, client.Close())
	require.NoError(t, client.Flush(t.Context()))
	require.ErrorIs(t, (*consent.Client)(nil).Flush(t.Context()), consent.ErrNoClient)
}

// Whatever code of the application panics, the process goes on, the message has its outcome, and
// the log names the panic without its value.
func TestPanicsOfTheApplication(t *testing.T) {
	var logged bytes.Buffer
	logger := analytics.StdLogger(log.New(&logged, "", 0))
	bad := func() { panic("secret") }
	for name, c := range map[string]struct {
		options consent.Options
		config  analytics.Config
		policy  consent.Policy
		want    consent.Stats
	}{
		"OnDecision":       {options: consent.Options{OnDecision: func(analytics.Message, consent.Decision) { bad() }}, want: consent.Stats{Enqueued: 1, Delivered: 1}},
		"OnOutcome":        {options: consent.Options{OnOutcome: func(analytics.Message, consent.Outcome) { bad() }}, want: consent.Stats{Enqueued: 1, Delivered: 1}},
		"Callback.Success": {config: analytics.Config{Callback: panicking{}}, want: consent.Stats{Enqueued: 1, Delivered: 1}},
		"Callback.Failure": {config: analytics.Config{Callback: panicking{}, Transport: roundTrip(func() error { return errors.New("down") })}, want: consent.Stats{Enqueued: 1, Failed: 1}},
		"transport":        {config: analytics.Config{Transport: roundTrip(func() error { bad(); return nil })}, want: consent.Stats{Enqueued: 1, Failed: 1}},
		"RetryAfter": {config: analytics.Config{Transport: roundTrip(func() error { return errors.New("down") }), RetryAfter: func(int) time.Duration { bad(); return 0 }},
			want: consent.Stats{Enqueued: 1, Failed: 1}},
		"Policy": {policy: decideFunc(func(consent.State) consent.Decision { bad(); return consent.Decision{} }), want: consent.Stats{Enqueued: 1, Suppressed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			logged.Reset()
			config := c.config
			config.Logger = logger
			if config.Transport == nil {
				config.Transport = &wire{}
			}
			if config.RetryAfter == nil {
				config.RetryAfter = func(int) time.Duration { return 0 }
			}
			p := c.policy
			if p == nil {
				p = policy
			}
			client, err := consent.NewSegment("key", config, p, &c.options)
			require.NoError(t, err)
			require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
			require.NoError(t, client.Flush(t.Context()))
			require.NoError(t, client.Close())
			require.Equal(t, c.want, client.Stats())
			require.Contains(t, logged.String(), name+" panicked with a string")
			require.NotContains(t, logged.String(), "secret")
		})
	}
}

type panicking struct{}

func (panicking) Success(analytics.Message)        { panic("secret") }
func (panicking) Failure(analytics.Message, error) { panic("secret") }

type roundTrip func() error

func (f roundTrip) RoundTrip(*http.Request) (*http.Response, error) { return nil, f() }

func TestNoMessageIsWrittenToALog(t *testing.T) {
	var logged bytes.Buffer
	config := analytics.Config{
		Transport: roundTrip(func() error { return errors.New("down") }), Verbose: true,
		Logger: analytics.StdLogger(log.New(&logged, "", 0)), RetryAfter: func(int) time.Duration { return 0 },
	}
	client, err := consent.NewSegment("key", config, policy, nil)
	require.NoError(t, err)
	require.NoError(t, client.With(acceptAll).Enqueue(analytics.Identify{
		UserId: "somebody", Traits: analytics.NewTraits().SetEmail("somebody@example.com"),
	}))
	require.NoError(t, client.Close())
	require.Contains(t, logged.String(), "analytics.Identify", "verbose as it is, it names the type")
	require.NotContains(t, logged.String(), "somebody")
}

type loudLogger struct{}

func (loudLogger) Logf(string, ...any)   { panic("logger") }
func (loudLogger) Errorf(string, ...any) { panic("logger") }

func TestALoggerThatPanics(t *testing.T) {
	config := analytics.Config{Transport: &wire{}, Verbose: true, Logger: loudLogger{}}
	client, err := consent.NewSegment("key", config, policy, nil)
	require.NoError(t, err)
	require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	require.NoError(t, client.Close())
	require.Equal(t, consent.Stats{Enqueued: 1, Delivered: 1}, client.Stats())
}

func TestHooksReceiveCopies(t *testing.T) {
	var kept []analytics.Message
	o := &consent.Options{OnOutcome: func(m analytics.Message, _ consent.Outcome) {
		track := m.(analytics.Track)
		track.Properties["a"], track.Context.Extra["a"], track.Integrations["All"] = 2, 2, true
		kept = append(kept, m)
	}}
	next := &capture{}
	m := analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"a": 1}, Context: &analytics.Context{Extra: object{"a": 1}}, Integrations: analytics.Integrations{"b": true}}
	require.NoError(t, consent.New(next, policy, o).With(acceptAll).Enqueue(m))
	require.NoError(t, consent.New(next, policy, o).Enqueue(m))
	require.Len(t, kept, 2)
	require.Equal(t, 1, m.Properties["a"])
	require.Equal(t, 1, m.Context.Extra["a"])
	require.NotContains(t, m.Integrations, "All")
	require.Equal(t, false, next.sent[0].(analytics.Track).Integrations["All"])
}

func TestCallbackIsStillCalled(t *testing.T) {
	var o outcomes
	done := make(chan struct{}, 1)
	config := analytics.Config{Transport: &wire{}, Logger: silent{}, Callback: callback(done)}
	client, err := consent.NewSegment("key", config, policy, &consent.Options{OnOutcome: o.hear})
	require.NoError(t, err)
	require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	require.NoError(t, client.Close())
	<-done
	require.Equal(t, consent.Delivered, o.only(t).Result)
}

func TestAnonymous(t *testing.T) {
	asked := 0
	id := func() string { asked++; return "anonymous id" }
	for name, c := range map[string]struct {
		policy  consent.Policy
		state   consent.State
		message analytics.Message
		want    string
		asked   int
	}{
		"filled in":              {policy, acceptAll, ordered(), "anonymous id", 1},
		"the only id":            {policy, acceptAll, analytics.Page{Name: "Home"}, "anonymous id", 1},
		"left alone":             {policy, acceptAll, analytics.Track{AnonymousId: "own", Event: "e"}, "own", 0},
		"nothing leaves":         {policy, consent.NewState(nil), analytics.Page{Name: "Home"}, "", 0},
		"only what is necessary": {alwaysWebhooks, consent.NewState(nil), ordered(), "", 0},
		"an update":              {policy, consent.NewState(map[string]bool{"analytics": false}), analytics.Track{Event: consent.UpdateEvent}, "anonymous id", 1},
		"an alias has none":      {policy, acceptAll, analytics.Alias{UserId: "u", PreviousId: "p"}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			asked = 0
			var next capture
			require.NoError(t, consent.New(&next, c.policy, nil).With(c.state).Anonymous(id).Enqueue(c.message))
			require.Equal(t, c.asked, asked)
			got := ""
			if len(next.events) > 0 {
				got = next.events[0].AnonymousID
			}
			require.Equal(t, c.want, got)
		})
	}

	var next capture
	client := consent.New(&next, policy, nil).Anonymous(func() string { return "" }).With(acceptAll)
	require.ErrorAs(t, client.Enqueue(analytics.Page{}), new(analytics.FieldError), "no id after all")
	require.ErrorAs(t, client.Enqueue(analytics.Track{UserId: "u"}), new(analytics.FieldError))
	require.Empty(t, next.events)
}

// TestFaults shows, with -v, what each fault does to the caller and to the messages.
func TestFaults(t *testing.T) {
	t.Logf("%-12s %10s %10s %9s %9s %9s %6s  %s", "fault", "p50", "p99", "delivered", "failed", "refused", "lost", "told")
	for f := noFault; f < faults; f++ {
		server := newFlaky(t)
		server.set(f)
		var o outcomes
		client, err := consent.NewSegment("key", quick(server.URL), policy, &consent.Options{OnOutcome: o.hear})
		require.NoError(t, err)
		visitor := client.With(acceptAll)
		var took []time.Duration
		for range 3000 {
			start := time.Now()
			require.NoError(t, visitor.Enqueue(ordered()))
			took = append(took, time.Since(start))
		}
		deadline := 500 * time.Millisecond
		if f == noFault || f == halfAnswer {
			deadline = time.Minute // however busy the machine is
		}
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		lost, err := client.Shutdown(ctx)
		cancel()
		allTold(t, client)
		s := client.Stats()
		closed(t, s)
		require.EqualValues(t, 3000, s.Enqueued)
		require.EqualValues(t, s.Delivered, server.taken.Load())
		require.LessOrEqual(t, lost, int(s.Failed))
		require.Equal(t, 3000, len(o.results()))
		switch f {
		case noFault, halfAnswer:
			require.NoError(t, err)
			require.EqualValues(t, 3000, s.Delivered)
		default:
			require.EqualValues(t, 3000, s.Failed)
		}
		told := map[string]int{}
		for _, outcome := range o.all {
			told[strings.SplitN(fmt.Sprint(outcome.Result, ": ", outcome.Err), "http://", 2)[0]]++
		}
		slices.Sort(took)
		t.Logf("%-12s %10s %10s %9d %9d %9d %6d  %v", f, took[len(took)/2], took[len(took)*99/100], s.Delivered, s.Failed, s.Refused, lost, told)
	}
}
