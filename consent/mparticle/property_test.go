package mparticle_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

var (
	names      = []string{"mParticle", "Amplitude", "Mixpanel", "Facebook Pixel", "Meta", "Amazon S3", "amplitude", "Nobody's"}
	categories = []string{"Analytics", "ads", "C0002"}
)

// TestNothingDeniedIsEverOpen sends random messages for random visitors, policies and workspaces
// through the real client, and judges the bytes of its requests by the rules of rules_test.go.
//
// CONSENT_SEED repeats a run, CONSENT_CASES sets its length.
func TestNothingDeniedIsEverOpen(t *testing.T) {
	seed, cases := number(t, "CONSENT_SEED", uint64(time.Now().UnixNano())), number(t, "CONSENT_CASES", 100_000)
	t.Logf("CONSENT_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	server := serve(t)
	count := map[string]int{}
	for done := uint64(0); done < cases; {
		policy, router := randomPolicy(r), randomRouter(r)
		told := make(map[string]consent.Decision)
		client := server.client(t, router, policy, &consent.Options{
			OnDecision: func(m analytics.Message, d consent.Decision) { told[idOf(m)] = d },
		})
		trials := make(map[string]*trial)
		for range 500 {
			done++
			x := randomTrial(r, fmt.Sprint(done))
			x.decision, x.router = policy.Decide(x.state), router
			trials[x.id] = x
			x.err = client.With(x.state).Enqueue(x.message)
		}
		require.NoError(t, client.Close())
		stats := client.Stats()
		require.Zero(t, stats.Pending())
		require.Zero(t, stats.Failed)
		arrived := uint64(0)
		at := make(workspace)
		for _, body := range server.received() {
			batches, err := readRequest(body)
			require.NoError(t, err, "CONSENT_SEED=%d", seed)
			count["requests"]++
			states := make(map[string]string) // of each user in this request
			for _, b := range batches {
				count["batches"]++
				profile := at.store(b)
				for kind, id := range b.UserIdentities {
					state := fmt.Sprint(b.consent())
					require.Equal(t, state, cmp.Or(states[kind+id], state), "a user has two consent states in a request\nCONSENT_SEED=%d", seed)
					states[kind+id] = state
				}
				for _, id := range b.messages() {
					arrived++
					x := trials[id]
					require.NotNil(t, x, "an event is not known, or arrived twice: %s", b.raw)
					if wrong := x.check(b, profile, told[id]); wrong != "" {
						t.Fatalf("%s\nCONSENT_SEED=%d\nvisitor %v\nrouter  %+v\nmessage %#v\nwire    %s", wrong, seed, x.state, x.router, x.message, b.raw)
					}
					delete(trials, id)
					count[fmt.Sprintf("%T", x.message)]++
				}
			}
		}
		require.Equal(t, stats.Delivered, arrived)
		for _, x := range trials {
			require.True(t, x.mayStay(), "a message was lost\nCONSENT_SEED=%d\nvisitor %v\nrouter %+v\nmessage %#v\nerror %v", seed, x.state, x.router, x.message, x.err)
			count["stayed"]++
		}
	}
	t.Log(count)
	require.Len(t, count, 7, "requests, batches, four types, and what stayed")
}

// messages returns the ids of the messages in a batch: an Identify has its own among the traits.
func (b wireBatch) messages() (ids []string) {
	for _, e := range b.Events {
		ids = append(ids, e.Data.SourceMessageID)
	}
	if text, ok := b.UserAttributes["id"]; ok {
		ids = append(ids, strings.Trim(string(text), `"`))
	}
	return ids
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	return n
}
