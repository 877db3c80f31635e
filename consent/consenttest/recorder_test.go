package consenttest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// messages returns one message of each type and of each pointer type.
func messages() []analytics.Message {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	about := func() *analytics.Context {
		return &analytics.Context{Locale: "de", Extra: map[string]any{"consent": map[string]any{"a": true}, "html": "<&>"}}
	}
	where := analytics.Integrations{"All": false, "Amplitude": map[string]any{"session_id": 1}}
	track := analytics.Track{MessageId: "1", UserId: "u", Event: "Signed Up", Timestamp: at, Context: about(), Integrations: where,
		Properties: analytics.NewProperties().SetPrice(9.5)}
	identify := analytics.Identify{MessageId: "2", UserId: "u", Timestamp: at, Context: about(), Integrations: where,
		Traits: analytics.NewTraits().SetName("N")}
	page := analytics.Page{MessageId: "3", AnonymousId: "v", Name: "Home", Timestamp: at, Context: about(), Integrations: where}
	screen := analytics.Screen{MessageId: "4", AnonymousId: "v", Name: "Start", Timestamp: at}
	group := analytics.Group{MessageId: "5", UserId: "u", GroupId: "g", Timestamp: at, Context: about(), Integrations: where}
	alias := analytics.Alias{MessageId: "6", UserId: "u", PreviousId: "v", Timestamp: at, Context: about(), Integrations: where}
	return []analytics.Message{
		track, identify, page, screen, group, alias,
		&track, &identify, &page, &screen, &group, &alias,
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRecorderKeepsTheBytesThatAnalyticsGoSends(t *testing.T) {
	var bodies [][]byte
	real, err := analytics.NewWithConfig("key", analytics.Config{
		BatchSize: len(messages()),
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			bodies = append(bodies, body)
			return &http.Response{StatusCode: 200, Body: http.NoBody}, err
		}),
	})
	require.NoError(t, err)
	var recorder consenttest.Recorder
	for _, m := range messages() {
		require.NoError(t, real.Enqueue(m))
		require.NoError(t, recorder.Enqueue(m))
	}
	require.NoError(t, real.Close())

	require.Len(t, bodies, 1)
	var sent struct{ Batch []json.RawMessage }
	require.NoError(t, json.Unmarshal(bodies[0], &sent))
	events := recorder.Events()
	require.Len(t, sent.Batch, len(messages()))
	require.Len(t, events, len(messages()))
	for i, e := range events {
		require.Equal(t, string(sent.Batch[i]), string(e.JSON))
		alone, err := json.Marshal(e.Message)
		require.NoError(t, err)
		require.Equal(t, string(alone), string(e.JSON), "Message is not the message of JSON")
	}
}

func TestRecorderTakesMessagesByValue(t *testing.T) {
	var recorder consenttest.Recorder
	m := &analytics.Track{UserId: "u", Event: "first"}
	require.NoError(t, recorder.Enqueue(m))
	m.Event = "second"
	require.Empty(t, m.Type, "the caller's message was changed")
	require.Equal(t, "first", recorder.Events()[0].Message.(analytics.Track).Event)
}

func TestRecorderAddsWhatIsMissing(t *testing.T) {
	for _, m := range []analytics.Message{
		analytics.Track{UserId: "u", Event: "e"},
		analytics.Identify{UserId: "u"},
		analytics.Page{UserId: "u"},
		analytics.Screen{UserId: "u"},
		analytics.Group{UserId: "u", GroupId: "g"},
		analytics.Alias{UserId: "u", PreviousId: "v"},
	} {
		var recorder consenttest.Recorder
		before := time.Now()
		require.NoError(t, recorder.Enqueue(m))
		require.NoError(t, recorder.Enqueue(m))
		after := time.Now()

		var got [2]struct {
			Type, MessageID string
			Timestamp       time.Time
		}
		for i, e := range recorder.Events() {
			require.NoError(t, json.Unmarshal(e.JSON, &got[i]))
			require.Equal(t, strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", m), "analytics.")), got[i].Type)
			require.False(t, got[i].Timestamp.Before(before.Truncate(0)) || got[i].Timestamp.After(after.Truncate(0)))
			require.NotEmpty(t, got[i].MessageID)
		}
		require.NotEqual(t, got[0].MessageID, got[1].MessageID)
	}
}

type customMessage struct{ analytics.Track }

func TestRecorderRefuses(t *testing.T) {
	nested := any(true)
	for range 12_000 {
		nested = []any{nested}
	}
	for _, test := range []struct {
		name string
		m    analytics.Message
		want error // nil: any
	}{
		{"nil", nil, consent.ErrMessage},
		{"nil Track", (*analytics.Track)(nil), consent.ErrMessage},
		{"nil Identify", (*analytics.Identify)(nil), consent.ErrMessage},
		{"nil Page", (*analytics.Page)(nil), consent.ErrMessage},
		{"nil Screen", (*analytics.Screen)(nil), consent.ErrMessage},
		{"nil Group", (*analytics.Group)(nil), consent.ErrMessage},
		{"nil Alias", (*analytics.Alias)(nil), consent.ErrMessage},
		{"a type of one's own", customMessage{analytics.Track{UserId: "u", Event: "e"}}, consent.ErrMessage},
		{"a nil pointer of one's own", (*customMessage)(nil), consent.ErrMessage},
		{"an invalid message", analytics.Track{UserId: "u"}, analytics.FieldError{Type: "analytics.Track", Name: "Event", Value: ""}},
		{"too big", analytics.Track{UserId: "u", Event: strings.Repeat("e", 32_000)}, analytics.ErrMessageTooBig},
		{"no JSON", analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"p": make(chan int)}}, nil},
		{"no JSON in the context", analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Extra: map[string]any{"p": func() {}}}}, nil},
		{"nested too deep", analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"p": nested}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var recorder consenttest.Recorder
			err := recorder.Enqueue(test.m)
			require.Error(t, err)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			require.Empty(t, recorder.Events())
		})
	}
}

func TestRecorderTakesTheBiggestMessage(t *testing.T) {
	m := analytics.Track{UserId: "u", Event: "e", MessageId: "1", Timestamp: time.Unix(0, 0).UTC()}
	var recorder consenttest.Recorder
	require.NoError(t, recorder.Enqueue(m))
	m.Event += strings.Repeat("e", 32_000-len(recorder.Events()[0].JSON))
	require.NoError(t, recorder.Enqueue(m))
	require.Len(t, recorder.Events()[1].JSON, 32_000)
	m.Event += "e"
	require.ErrorIs(t, recorder.Enqueue(m), analytics.ErrMessageTooBig)
}

func TestRecorderTakesASnapshot(t *testing.T) {
	var recorder consenttest.Recorder
	m := analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"All": false}}
	require.NoError(t, recorder.Enqueue(m))
	before := string(recorder.Events()[0].JSON)
	m.Integrations["All"] = true
	require.Equal(t, before, string(recorder.Events()[0].JSON))
	require.Empty(t, recorder.Reached("Amplitude"))
}

func TestEventsAreCopies(t *testing.T) {
	var recorder consenttest.Recorder
	require.NoError(t, recorder.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	before := string(recorder.Events()[0].JSON)
	for _, list := range [][]consenttest.Event{recorder.Events(), recorder.Reached("A"), recorder.RequireReached(t, "A", 1)} {
		clear(list[0].JSON)
		list[0] = consenttest.Event{}
		require.Equal(t, before, string(recorder.Events()[0].JSON))
	}
}

func TestRecorderAfterClose(t *testing.T) {
	var recorder consenttest.Recorder
	require.NoError(t, recorder.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	require.NoError(t, recorder.Close())
	require.ErrorIs(t, recorder.Enqueue(analytics.Track{UserId: "u", Event: "late"}), analytics.ErrClosed)
	require.ErrorIs(t, recorder.Close(), analytics.ErrClosed)
	require.Len(t, recorder.Events(), 1)
}

func TestRecorderIsSafeForConcurrentUse(t *testing.T) {
	const goroutines, each = 16, 50
	var recorder consenttest.Recorder
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for g := range goroutines {
		wg.Go(func() {
			m := &analytics.Track{UserId: "u", Integrations: analytics.Integrations{}}
			for i := range each {
				// The message and its map are used again, as soon as Enqueue returns.
				m.Event = fmt.Sprintf("%d-%d", g, i)
				m.Integrations["Amplitude"] = i%2 == 0
				switch err := recorder.Enqueue(m); err {
				case nil:
					mu.Lock()
					accepted++
					mu.Unlock()
				case analytics.ErrClosed:
				default:
					t.Error(err)
				}
				if i%10 == 0 {
					recorder.Reached("Amplitude")
				}
				if g == 0 && i == each/2 {
					_ = recorder.Close()
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, recorder.Events(), accepted)
	require.ErrorIs(t, recorder.Close(), analytics.ErrClosed)
}
