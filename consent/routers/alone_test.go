package routers_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/destinations"
)

// Each router gets, byte for byte, what it would get alone, and tells the same outcome of it.
func TestEachRouterDoesWhatItWouldDoAlone(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	storing := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "ads": {"Facebook Pixel"}, "archive": {"Amazon S3"}},
		Always:     []string{"Sift"}, AllowUnlisted: true,
	})
	kinds := map[string]consent.Router{"segment": nil, "gate": consent.Gate{Destinations: []string{"Amplitude"}}, "feed": consent.Gate{Destinations: []string{"Amplitude", "Facebook Pixel"}}}
	results := make(map[consent.Result]int)
	for range 2000 {
		state, m := randomState(r), randomMessage(r)
		var named []routers.Named
		together := make(map[string]*watched)
		for name, router := range kinds {
			together[name] = new(watched)
			named = append(named, routers.Named{Name: name, Client: together[name].client(storing, router)})
		}
		client, err := routers.New(named...)
		require.NoError(t, err)
		got, refused := client.With(state).Enqueue(m), false
		for name, router := range kinds {
			var alone watched
			want := alone.client(storing, router).With(state).Enqueue(m)
			require.Equal(t, want, together[name].outcome.Err)
			if want != nil {
				require.ErrorContains(t, got, `router "`+name+`": `+want.Error())
			}
			refused = refused || want != nil
			require.Equal(t, alone.sent(), together[name].sent(), "%s: %v, %#v", name, state, m)
			require.Equal(t, alone.outcome.Result, together[name].outcome.Result)
			require.Equal(t, alone.outcome.Reason, together[name].outcome.Reason)
			results[alone.outcome.Result]++
		}
		require.Equal(t, refused, got != nil)
	}
	require.NotZero(t, results[consent.Accepted])
	require.NotZero(t, results[consent.Suppressed])
	require.NotZero(t, results[consent.Refused])
}

// A watched is what left for one router, and what its client told.
type watched struct {
	recorder consenttest.Recorder
	outcome  consent.Outcome
}

func (w *watched) client(p consent.Policy, r consent.Router) *consent.Client {
	return consent.New(&w.recorder, p, &consent.Options{
		Router: r, OnOutcome: func(_ analytics.Message, o consent.Outcome) { w.outcome = o },
	})
}

func (w *watched) sent() (sent []json.RawMessage) {
	for _, e := range w.recorder.Events() {
		sent = append(sent, e.JSON)
	}
	return sent
}

func randomState(r *rand.Rand) consent.State {
	answers := make(map[string]bool)
	for _, category := range []string{"analytics", "ads", "archive", "other"} {
		if r.IntN(4) > 0 {
			answers[category] = r.IntN(4) > 0
		}
	}
	s := consent.NewState(answers)
	switch r.IntN(12) {
	case 0:
		return consent.State{}
	case 1:
		return consent.All(consent.Granted)
	case 2, 3:
		return s.WithDestinations(map[string]bool{"Amplitude": r.IntN(2) == 0, "Facebook Pixel": r.IntN(2) == 0})
	}
	return s
}

// randomMessage returns one with ids and a time, so that alone it gets no others.
func randomMessage(r *rand.Rand) analytics.Message {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var own analytics.Integrations
	if r.IntN(2) == 0 {
		own = analytics.Integrations{"Amplitude": map[string]any{"session": 1}, "all": r.IntN(2) == 0}
	}
	about := &analytics.Context{Locale: "lv", Extra: map[string]any{"consent": "not ours", "own": "kept"}}
	user := []string{"u", "u", "u", ""}[r.IntN(4)] // refused
	switch r.IntN(7) {
	case 0:
		return analytics.Identify{MessageId: "m", UserId: user, Timestamp: at, Traits: analytics.Traits{"n": 1}, Integrations: own, Context: about}
	case 1:
		return &analytics.Page{MessageId: "m", UserId: user, Timestamp: at, Integrations: own}
	case 2:
		return analytics.Screen{MessageId: "m", UserId: user, Timestamp: at, Context: about}
	case 3:
		return &analytics.Group{MessageId: "m", UserId: user, GroupId: "g", Timestamp: at, Integrations: own}
	case 4:
		return analytics.Alias{MessageId: "m", UserId: user, PreviousId: "p", Timestamp: at}
	case 5:
		return analytics.Track{MessageId: "m", UserId: user, Event: consent.UpdateEvent, Timestamp: at}
	default:
		return analytics.Track{MessageId: "m", UserId: user, Event: "e", Timestamp: at, Properties: analytics.Properties{"n": 1}, Integrations: own, Context: about}
	}
}
