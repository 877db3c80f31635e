package queue_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

var at = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func captured(m analytics.Message) consent.Captured {
	return consent.Captured{Message: m, States: []consent.State{granted}, At: at}
}

// The JSON of version 1 stays readable: what is stored outlives a release.
const version1 = `{"version":1,"type":"track","at":"2026-05-04T03:02:01Z","states":["1.?;+analytics;","1.?;-advertising;"],` +
	`"filled":true,"necessary":[{"why":"fraud","destinations":["Sift"]}],"policy":"f1","message":{"messageId":"m",` +
	`"anonymousId":"a","userId":"u","event":"e","timestamp":"2026-05-04T03:02:01Z","context":{"locale":"de","own":9007199254740993},` +
	`"properties":{"n":9007199254740993},"integrations":{"Amplitude":{"session_id":1},"Braze":false}}}`

func TestEnvelopeVersion1(t *testing.T) {
	var states []consent.State
	for _, text := range []string{"1.?;+analytics;", "1.?;-advertising;"} {
		var s consent.State
		require.NoError(t, s.UnmarshalText([]byte(text)))
		states = append(states, s)
	}
	var e queue.Envelope
	require.NoError(t, json.Unmarshal([]byte(version1), &e))
	require.Equal(t, []string{"m", "track", "u", "a", ""}, []string{e.MessageID, e.Type, e.UserID, e.AnonymousID, e.PreviousID})
	require.Equal(t, states, e.Captured.States)
	require.Equal(t, []consent.Claim{{Why: "fraud", Destinations: []string{"Sift"}}}, e.Captured.Necessary)
	require.True(t, e.Captured.Filled)
	require.Equal(t, "f1", e.Captured.Policy)
	require.Equal(t, at, e.Captured.At)
	require.Equal(t, false, e.Captured.Message.(analytics.Track).Integrations["Braze"], "it has to narrow")
	text, err := json.Marshal(e)
	require.NoError(t, err)
	require.Equal(t, version1, string(text))
}

func TestEnvelopeRefuses(t *testing.T) {
	track := analytics.Track{Event: "e", UserId: "u", MessageId: "m", Timestamp: at}
	for what, c := range map[string]consent.Captured{
		"no message": {At: at}, "a pointer": captured(&track), "no id": captured(analytics.Track{Event: "e", UserId: "u"}),
		"invalid": captured(analytics.Track{MessageId: "m"}), "no State": {Message: track, At: at}, "no time": {Message: track, States: []consent.State{granted}},
		"exempt with a State": {Message: track, States: []consent.State{granted}, Exempt: "why", At: at},
		"filled, and no id":   {Message: track, States: []consent.State{granted}, Filled: true, At: at},
		"too many States":     {Message: track, States: make([]consent.State, 17), At: at},
	} {
		_, err := queue.Seal(c)
		require.ErrorIs(t, err, queue.ErrEnvelope, what)
	}
	big := track
	big.Context = &analytics.Context{Extra: map[string]any{"x": strings.Repeat("x", 1<<20)}}
	for what, m := range map[string]analytics.Message{"too large": big, "no JSON": analytics.Track{
		Event: "e", UserId: "u", MessageId: "m", Properties: analytics.Properties{"f": func() {}},
	}} {
		e, err := queue.Seal(captured(m))
		require.NoError(t, err)
		_, err = e.MarshalJSON()
		require.ErrorIs(t, err, queue.ErrEnvelope, what)
	}
	_, err := queue.Envelope{}.MarshalJSON()
	require.ErrorIs(t, err, queue.ErrEnvelope)

	good, err := json.Marshal(seal(t, captured(track)))
	require.NoError(t, err)
	for _, change := range [][2]string{
		{`"version":1`, `"version":2`}, {`"version":1,`, ``}, {`"type":"track"`, `"type":"trick"`}, {`"type":"track"`, `"type":"alias"`},
		{`"at":`, `"narrow":true,"at":`}, {`"event":`, `"later":1,"event":`}, {`"states":[`, `"states":["2.x",`}, {`"states":[`, `"states":[7,`},
		{`"messageId":"m",`, ``}, {`"event":`, `"groupId":"g","event":`}, {`"event":`, `"traits":{},"event":`}, {`{`, `[`}, {`}}`, `}}}`},
	} {
		text := strings.Replace(string(good), change[0], change[1], 1)
		require.NotEqual(t, string(good), text, change)
		e := seal(t, captured(track))
		require.ErrorIs(t, e.UnmarshalJSON([]byte(text)), queue.ErrEnvelope, text)
		require.Zero(t, e)
	}
	var e queue.Envelope
	require.ErrorIs(t, e.UnmarshalJSON([]byte(strings.Repeat(" ", 1<<20)+string(good))), queue.ErrEnvelope)
}

func seal(t testing.TB, c consent.Captured) queue.Envelope {
	t.Helper()
	e, err := queue.Seal(c)
	require.NoError(t, err)
	return e
}

func TestIsAbout(t *testing.T) {
	track := seal(t, captured(analytics.Track{Event: "e", UserId: "u", AnonymousId: "a", MessageId: "m"}))
	alias := seal(t, captured(analytics.Alias{UserId: "u", PreviousId: "p", MessageId: "m"}))
	anonymous := seal(t, captured(analytics.Track{Event: "e", AnonymousId: "a", MessageId: "m"}))
	for p, want := range map[queue.Person][3]bool{
		{}:                               {},
		{UserID: "u"}:                    {true, true, false},
		{AnonymousID: "a"}:               {true, false, true},
		{UserID: "p"}:                    {false, true, false},
		{AnonymousID: "p"}:               {false, true, false},
		{UserID: "a", AnonymousID: "u"}:  {},
		{UserID: "u", AnonymousID: "zz"}: {true, true, false},
	} {
		require.Equal(t, want, [3]bool{track.IsAbout(p), alias.IsAbout(p), anonymous.IsAbout(p)}, "%v", p)
	}
}

// Two names that are not UTF-8 may be one in JSON. A false under either of them closes.
func TestNamesThatAreOneInJSONNarrow(t *testing.T) {
	for _, own := range []analytics.Integrations{
		{"A\xfe": false, "A\xff": true}, {"A\xfe": true, "A\xff": false}, {"A\ufffd": false, "A\xff": map[string]any{"n": 1}},
	} {
		memory := queue.NewMemory(0, 0)
		put := consent.NewQueued(memory, policy, nil)
		require.NoError(t, put.With(granted).Enqueue(analytics.Track{Event: "e", UserId: "u", Integrations: own}))
		received, err := memory.Receive(t.Context(), 1)
		require.NoError(t, err)
		e, err := received[0].Envelope()
		require.NoError(t, err)
		require.Equal(t, analytics.Integrations{"A\ufffd": false}, e.Captured.Message.(analytics.Track).Integrations)
	}
}

// Whatever is read can be written, and read again as the same.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(version1))
	for _, m := range []analytics.Message{
		analytics.Track{Event: "e", UserId: "u", MessageId: "m", Integrations: analytics.Integrations{"A": nil, "B": false}},
		analytics.Alias{UserId: "u", PreviousId: "p", MessageId: "m"},
		analytics.Group{UserId: "u", GroupId: "g", MessageId: "m", Traits: analytics.Traits{"n": 1}, Context: &analytics.Context{Locale: "de"}},
	} {
		text, err := json.Marshal(seal(f, captured(m)))
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var e queue.Envelope
		if err := e.UnmarshalJSON(text); err != nil {
			require.ErrorIs(t, err, queue.ErrEnvelope)
			require.Zero(t, e)
			return
		}
		again, err := e.MarshalJSON()
		if err != nil { // a time of the year 10000, or larger than it was
			require.ErrorIs(t, err, queue.ErrEnvelope)
			return
		}
		var back queue.Envelope
		require.NoError(t, back.UnmarshalJSON(again), "%s", again)
		third, err := back.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(again), string(third))
	})
}
