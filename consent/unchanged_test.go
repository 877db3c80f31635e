package consent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// A would is what DangerouslySendUnchanged is told: what enforcing would have done.
type would struct {
	message    analytics.Message
	decision   consent.Decision
	suppressed consent.Reason
}

// TestUnchangedIsByteForByteAnalyticsGo sends random messages through analytics-go alone,
// through New and through NewSegment, and compares the bytes. It also compares what is told with
// what an enforcing client is told and does.
func TestUnchangedIsByteForByteAnalyticsGo(t *testing.T) {
	quiet(t)
	seed, cases := propertyRun(t, 20_000)
	r := rand.New(rand.NewPCG(seed, 3))
	count := map[string]int{}
	for done := 0; done < cases; {
		p, err := destinations.Compile(randomConfig(r))
		require.NoError(t, err)
		var told, decided []would
		o := &consent.Options{
			OnDecision: func(m analytics.Message, d consent.Decision) { decided = append(decided, would{m, d, ""}) },
			DangerouslySendUnchanged: func(m analytics.Message, d consent.Decision, s consent.Reason) {
				told = append(told, would{m, d, s})
			},
		}
		var alone, wrapped wire
		config := analytics.Config{Transport: &alone, Logger: silent{}, Interval: time.Hour}
		plain, err := analytics.NewWithConfig("key", config)
		require.NoError(t, err)
		config.Transport = &wrapped
		next, err := analytics.NewWithConfig("key", config)
		require.NoError(t, err)
		ours, sent := segment(t, p, o)
		through := consent.New(next, p, o)
		var enforced []would
		var outcome consent.Outcome
		enforcing := consent.New(consent.Discard, p, &consent.Options{
			OnDecision: func(m analytics.Message, d consent.Decision) { enforced = append(enforced, would{m, d, ""}) },
			OnOutcome:  func(_ analytics.Message, o consent.Outcome) { outcome = o },
		})
		for n := range 100 {
			done++
			state, m := randomAnswer(r), randomMessage(r, fmt.Sprint(n))
			reflect.ValueOf(m).Elem().FieldByName("Timestamp").Set(reflect.ValueOf(time.Unix(int64(done), 5).UTC()))
			if isUpdate(m) {
				continue
			}
			before := clone(m)
			told, decided, enforced = nil, nil, nil
			require.NoError(t, plain.Enqueue(clone(m)))
			require.NoError(t, through.With(state).Enqueue(m))
			require.NoError(t, ours.With(state).Enqueue(m))
			require.NoError(t, enforcing.With(state).Enqueue(m))
			require.Equal(t, before, m)
			maps.DeleteFunc(callerOf(m), func(string, any) bool { return true }) // the caller reuses it
			require.Len(t, told, 2)
			require.Len(t, decided, 2)
			for i := range told {
				require.Equal(t, outcome.Reason, told[i].suppressed)
				require.Equal(t, verdictsOf(enforced[0].decision), verdictsOf(told[i].decision))
				require.Equal(t, verdictsOf(enforced[0].decision), verdictsOf(decided[i].decision))
			}
			count["sent, and "+string(outcome.Result)]++
		}
		require.NoError(t, plain.Close())
		require.NoError(t, through.Close())
		require.NoError(t, ours.Close())
		want := byID(t, alone.messages(t))
		require.Equal(t, want, byID(t, wrapped.messages(t)))
		require.Equal(t, want, byID(t, sent.messages(t)))
		for _, s := range []consent.Stats{ours.Stats(), through.Stats()} {
			closed(t, s)
			require.EqualValues(t, len(want), s.Enqueued)
			require.EqualValues(t, len(want), s.Unenforced)
			require.EqualValues(t, len(want), s.Delivered+s.Accepted)
		}
	}
	t.Log(count)
	require.NotZero(t, count["sent, and suppressed"])
	require.NotZero(t, count["sent, and discarded"])
}

func verdictsOf(d consent.Decision) string {
	var lines []string
	for v := range d.Verdicts() {
		lines = append(lines, v.AliasOf+" "+v.String())
	}
	slices.Sort(lines) // those that only the caller names have no order
	return fmt.Sprintln(lines, d.Unlisted(), maps.Collect(d.Categories()))
}

func byID(t *testing.T, messages []json.RawMessage) map[string]string {
	m := make(map[string]string)
	for _, raw := range messages {
		var e struct{ MessageID string }
		require.NoError(t, json.Unmarshal(raw, &e))
		require.NotContains(t, m, e.MessageID)
		m[e.MessageID] = string(raw)
	}
	return m
}

func isUpdate(m analytics.Message) bool {
	track, ok := m.(*analytics.Track)
	return ok && track.Event == consent.UpdateEvent
}

// quiet keeps the line that a client logs at its start out of the test's output.
func quiet(t *testing.T) *bytes.Buffer {
	var b bytes.Buffer
	log.SetOutput(&b)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return &b
}

func TestUnchangedSaysSoAtStart(t *testing.T) {
	b := quiet(t)
	o := &consent.Options{DangerouslySendUnchanged: func(analytics.Message, consent.Decision, consent.Reason) {}}
	consent.New(discard{}, policy, nil)
	require.Empty(t, b.String())
	consent.New(discard{}, policy, o)
	require.Contains(t, b.String(), "consent: DangerouslySendUnchanged is set")
	b.Reset()
	var lines []string
	client, err := consent.NewSegment("key", analytics.Config{Logger: logs(func(line string) { lines = append(lines, line) })}, policy, o)
	require.NoError(t, err)
	require.NoError(t, client.Close())
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], "consent: DangerouslySendUnchanged is set")
	require.Empty(t, b.String())
}

func TestUnchangedMessages(t *testing.T) {
	b := quiet(t)
	var next capture
	var told []would
	var results outcomes
	client := consent.New(&next, policy, &consent.Options{
		OnOutcome: results.hear,
		DangerouslySendUnchanged: func(m analytics.Message, d consent.Decision, s consent.Reason) {
			told = append(told, would{m, d, s})
			panic("secret")
		},
	})
	rejected := client.With(consent.NewState(map[string]bool{"analytics": false, "advertising": false}))
	require.NoError(t, rejected.Enqueue(ordered()))
	require.NoError(t, rejected.Enqueue(analytics.Alias{UserId: "u", PreviousId: "p"}))
	require.Equal(t, consent.SuppressedNothingAllowed, told[0].suppressed)
	require.Equal(t, ordered(), told[0].message)
	require.Equal(t, []consent.Result{consent.Accepted, consent.Accepted}, results.results())
	require.Empty(t, next.events[0].Integrations)
	require.Empty(t, next.events[0].Context)
	require.NotContains(t, b.String(), "secret")
	require.Contains(t, b.String(), "DangerouslySendUnchanged panicked")

	require.NoError(t, rejected.About("v").Enqueue(ordered()))
	require.Equal(t, consent.SuppressedAnotherPerson, told[2].suppressed)

	// Anonymous fills in its id, as without consent.
	require.NoError(t, rejected.Anonymous(func() string { return "visitor" }).Enqueue(analytics.Page{Name: "Home"}))
	require.Equal(t, "visitor", next.events[3].AnonymousID)
	require.ErrorAs(t, rejected.Anonymous(func() string { return "" }).Enqueue(analytics.Page{Name: "Home"}), new(analytics.FieldError))

	// Refusals stay refusals.
	require.ErrorIs(t, client.Exempt("").Enqueue(ordered()), consent.ErrExempt)
	require.ErrorIs(t, client.Enqueue(nil), consent.ErrMessage)
	require.ErrorIs(t, client.With(acceptAll).Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"A": func() {}}}), consent.ErrNoJSON)
	require.EqualValues(t, 4, client.Stats().Unenforced)
	closed(t, client.Stats())
}

// The update event and the Identify that Tell sends are enforced: only this library sends them.
func TestTellIsEnforcedWhereMessagesAreUnchanged(t *testing.T) {
	quiet(t)
	var next capture
	client := consent.New(&next, policy, &consent.Options{
		DangerouslySendUnchanged: func(analytics.Message, consent.Decision, consent.Reason) { t.Error("told") },
	})
	require.NoError(t, client.Tell(consent.Answer{State: acceptAnalytics, UserID: "u"}))
	require.NoError(t, client.With(acceptAnalytics).Enqueue(analytics.Track{UserId: "u", Event: consent.UpdateEvent}))
	require.Len(t, next.events, 3)
	for _, e := range next.events {
		require.Equal(t, false, e.Integrations["All"])
		require.NotEmpty(t, e.Context["consent"])
	}
	require.Zero(t, client.Stats().Unenforced)
}
