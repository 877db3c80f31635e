package hold_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/hold"
)

// TestEveryMessageEndsOnce lets random visitors come, answer, change their answer and leave.
// It keeps a simple model: for each message, the State that has to decide it.
//
// CONSENT_SEED makes another run of it, CONSENT_CASES a longer one.
func TestEveryMessageEndsOnce(t *testing.T) {
	seed, cases := uint64(1), 20_000
	for key, set := range map[string]func(uint64){"CONSENT_SEED": func(n uint64) { seed = n }, "CONSENT_CASES": func(n uint64) { cases = int(n) }} {
		if text := os.Getenv(key); text != "" {
			n, err := strconv.ParseUint(text, 10, 64)
			require.NoError(t, err)
			set(n)
		}
	}
	t.Logf("CONSENT_SEED=%d", seed)
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 4))
		states := []consent.State{
			none, none, none, granted, denied, consenttest.Grant("analytics", "advertising"), consent.All(consent.Denied),
			none.WithDestinations(map[string]bool{"Amplitude": true}), consenttest.Deny("advertising"),
		}
		b := newBench(policy, hold.Options{MaxVisitors: 4, MaxMessages: 2, MaxBytes: 6000, MaxAge: time.Minute})
		decidedBy := map[string]consent.State{} // of the messages that have left
		waiting := map[string][]string{}        // by visitor
		leave := func(visitor string, s consent.State) {
			for _, event := range waiting[visitor] {
				decidedBy[event] = s
			}
			delete(waiting, visitor)
		}
		expired := func() {
			synctest.Wait()
			for visitor, events := range waiting {
				for len(events) > 0 && b.told(events[0]) {
					require.Equal(t, []hold.End{hold.Expired}, b.ended(events[0]))
					decidedBy[events[0]] = none
					events = events[1:]
				}
				if waiting[visitor] = events; len(events) == 0 {
					delete(waiting, visitor)
				}
			}
		}
		for i := range cases {
			visitor, s := fmt.Sprint("v", r.IntN(16)), states[r.IntN(len(states))]
			switch r.IntN(10) {
			case 0:
				time.Sleep(time.Duration(r.IntN(90)) * time.Second)
				expired()
			case 1, 2:
				require.NoError(t, b.Answer(visitor, s))
				if s != none {
					leave(visitor, s)
				}
			default:
				event := fmt.Sprint("e", i)
				if s.Answered() {
					leave(visitor, s)
				}
				b.track(t, s, visitor, event)
				if s == none && !b.told(event) {
					waiting[visitor] = append(waiting[visitor], event)
				} else {
					decidedBy[event] = s
				}
			}
		}
		require.NoError(t, b.Hold.Close())
		for visitor := range waiting {
			leave(visitor, none)
		}
		stats, held := b.client.Stats(), b.Hold.Stats()
		require.EqualValues(t, len(decidedBy), stats.Enqueued, "each message once")
		require.Equal(t, held.Held, held.Answered+held.Expired+held.Closed)
		require.Zero(t, held.Bytes)
		require.Zero(t, held.Visitors)
		for _, n := range []uint64{held.Answered, held.Expired, held.NoRoom, stats.Accepted, stats.Suppressed} {
			require.NotZero(t, n, "%+v, %+v", held, stats)
		}
		require.Zero(t, stats.Pending())
		for event, s := range decidedBy {
			require.Len(t, b.outcomes[event], 1, event)
			_, suppressed := consent.AtSegment(policy.Decide(s))
			require.Equal(t, suppressed, b.outcomes[event][0].Reason, "%s by %v", event, s)
		}
		for _, e := range b.Events() {
			var sent struct{ Integrations map[string]any }
			require.NoError(t, json.Unmarshal(e.JSON, &sent))
			d := policy.Decide(decidedBy[name(e.Message)])
			for _, destination := range []string{"Amplitude", "Facebook Pixel"} {
				require.Equal(t, d.Allows(destination), sent.Integrations[destination] == true, "%s of %s", destination, name(e.Message))
			}
		}
		t.Logf("%+v, %+v", held, stats)
	})
}

func TestManyGoroutines(t *testing.T) {
	b := newBench(policy, hold.Options{MaxVisitors: 5, MaxMessages: 3, MaxAge: time.Millisecond})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				visitor := fmt.Sprint(i % 7)
				if i%5 == g%5 {
					_ = b.Answer(visitor, granted)
				}
				b.track(t, none, visitor, fmt.Sprint(g, " ", i))
			}
		})
	}
	wg.Wait()
	require.NoError(t, b.Hold.Close())
	require.Eventually(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.outcomes) == 1600
	}, time.Minute, time.Millisecond, "an expiry may be under way")
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Len(t, b.outcomes, 1600)
	for event, o := range b.outcomes {
		require.Len(t, o, 1, event)
	}
}
