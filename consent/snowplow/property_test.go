package snowplow_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
	"github.com/go-consent/segment/consent/snowplow"
	"github.com/go-consent/segment/destinations"
)

const update = 5 // the kind of a trial

// TestNothingDeniedEverLeaves sends random messages for random visitors under random policies
// through Snowplow's real tracker, to random pipelines, and judges what arrived by the rules
// of rules_test.go.
//
// CONSENT_SEED tries other cases, CONSENT_CASES sets how many.
func TestNothingDeniedEverLeaves(t *testing.T) {
	seed, cases := number(t, "CONSENT_SEED", 1), number(t, "CONSENT_CASES", 100_000)
	t.Logf("CONSENT_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Validate: schemas(t)})
	count := map[string]int{}
	for done := uint64(0); done < cases; {
		config, fed := randomConfig(r), randomFed(r)
		told := make(map[string]consent.Decision)
		client := client(t, pipeline, snowplow.Router{
			Destinations: fed, Preferences: told0(), GDPR: &snowplow.GDPR{WithoutAnswer: snowplow.LegitimateInterests},
		}, destinations.MustCompile(config), &consent.Options{
			OnDecision: func(m analytics.Message, d consent.Decision) { told[idOf(m)] = d },
		})
		until := make(chan struct{}) // so that events share requests
		hang := snowplowtest.Fault{Until: until}
		pipeline.Script(hang, hang, hang, hang)
		trials, refused := make(map[string]trial), 0
		for range 250 {
			done++
			x := randomTrial(r, fmt.Sprintf("%08x-0000-4000-8000-000000000000", done))
			x.config, x.fed = config, fed
			err := client.With(x.state).Enqueue(x.message)
			if errors.Is(err, consent.ErrNoPreferences) {
				require.Equal(t, update, x.kind)
				refused++
				continue
			}
			require.NoError(t, err)
			trials[x.id] = x
		}
		close(until)
		require.NoError(t, client.Close())
		stats := client.Stats()
		require.Zero(t, stats.Pending())
		require.Zero(t, stats.Failed)
		require.EqualValues(t, refused, stats.Refused)
		require.Empty(t, pipeline.Failures())
		events := pipeline.RequireEvents(t, int(stats.Delivered))
		pipeline.Reset()
		for _, e := range events {
			x, ok := trials[e.ID]
			require.True(t, ok, "an event that nobody sent, or twice")
			wrong := x.check(e)
			for _, name := range fed {
				if wrong == "" && told[e.ID].Allows(name) == (x.kind == update) {
					wrong = name + " is told otherwise"
				}
			}
			if wrong != "" {
				t.Fatalf("%s\nCONSENT_SEED=%d\nconfig  %+v\nfed %q\nvisitor %v\nmessage %#v\nevent    %v", wrong, seed, config, fed, x.state, x.message, e.Fields)
			}
			delete(trials, e.ID)
			count[fmt.Sprint("kind ", x.kind)]++
			if e.Entity(gdprSchema) != nil && x.grantedByVisitor() {
				count["claims consent"]++
			}
		}
		for _, x := range trials {
			require.True(t, x.mayStay(), "a message was lost\nCONSENT_SEED=%d\nconfig  %+v\nfed %q\nvisitor %v\nmessage %#v", seed, config, fed, x.state, x.message)
			count["suppressed"]++
		}
	}
	t.Log(count)
	if cases >= 20_000 {
		require.Len(t, count, 10, "eight kinds, what is suppressed, and claims of consent")
	}
}

func told0() *snowplow.Preferences {
	p := told()
	p.Applies = nil
	return p
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

var known = []string{"Snowplow", "Amplitude", "Braze", "Facebook Pixel", "Amazon S3"}

func randomConfig(r *rand.Rand) destinations.Config {
	c := destinations.Config{
		Categories: make(map[string][]string), Aliases: map[string][]string{},
		OptOut: r.IntN(3) == 0, AllowUnlisted: r.IntN(3) == 0, Imply: r.IntN(2) == 0,
	}
	pixel := false
	for _, category := range []string{"analytics", "ads", "C0002"} {
		c.Categories[category] = nil
		for _, name := range known {
			if r.IntN(3) == 0 {
				c.Categories[category] = append(c.Categories[category], name)
				pixel = pixel || name == "Facebook Pixel"
			}
		}
	}
	if len(c.Categories["analytics"]) == 0 {
		c.Categories["analytics"] = []string{"Snowplow"}
	}
	if pixel {
		c.Aliases["Facebook Pixel"] = []string{"Meta"}
	}
	if r.IntN(2) == 0 {
		c.Always = []string{"Warehouse"}
	}
	return c
}

// randomFed returns whom a pipeline feeds, by names of which some may be in no policy.
func randomFed(r *rand.Rand) (fed []string) {
	for _, name := range append([]string{"Warehouse", "Nobody's"}, known...) {
		if r.IntN(5) == 0 {
			fed = append(fed, name)
		}
	}
	if len(fed) == 0 {
		fed = []string{known[r.IntN(3)]}
	}
	return fed
}

func randomTrial(r *rand.Rand, id string) trial {
	x := trial{id: id, kind: r.IntN(8)}
	answers := make(map[string]bool)
	for _, category := range []string{"C0009", "analytics", "ads", "C0002"} {
		if r.IntN(4) > 0 {
			answers[category] = r.IntN(4) > 0
		}
	}
	x.state = consent.NewState(answers)
	switch r.IntN(10) {
	case 0:
		x.state = consent.All(consent.Denied)
	case 1:
		x.state = consent.All(consent.Granted)
	case 2:
		x.state = consent.NewState(nil)
	}
	names := append([]string{"All", "all", "AMPLITUDE", "Nobody's", "Meta", "Warehouse"}, known...)
	if r.IntN(3) == 0 {
		asked := make(map[string]bool)
		for _, name := range names {
			if r.IntN(3) == 0 {
				asked[name] = r.IntN(4) > 0
			}
		}
		x.state = x.state.WithDestinations(asked)
	}
	if r.IntN(2) == 0 {
		x.own = make(analytics.Integrations)
		values := []any{true, true, false, map[string]any{"session": 1}, "false", nil, 0}
		for _, name := range names {
			if r.IntN(5) == 0 {
				x.own[name] = values[r.IntN(len(values))]
			}
		}
	}
	x.message = message(x.kind, id, x.own)
	return x
}

// message returns a message, whose context has what could claim more than is so.
func message(kind int, id string, own analytics.Integrations) analytics.Message {
	u := "u" + id
	about := &analytics.Context{IP: []byte{192, 0, 2, 1}, UserAgent: "ua", Extra: map[string]any{
		"Snowplow": map[string]any{"basis": "consent"}, "snowplow": map[string]any{"basis": "contract", "preferences": map[string]any{"eventType": "allow_all"}},
	}}
	switch kind {
	case 0:
		return analytics.Identify{MessageId: id, UserId: u, Integrations: own, Context: about, Traits: analytics.Traits{"email": "e"}}
	case 1:
		return analytics.Page{MessageId: id, UserId: u, Integrations: own, Properties: analytics.Properties{"url": "https://e.example/", "n": 1}}
	case 2:
		return analytics.Screen{MessageId: id, UserId: u, Name: "n", Integrations: own, Context: about}
	case 3:
		return analytics.Group{MessageId: id, UserId: u, GroupId: "g", Integrations: own, Context: about}
	case 4:
		return analytics.Alias{MessageId: id, UserId: u, PreviousId: "p", Integrations: own}
	case update:
		return analytics.Track{MessageId: id, UserId: u, Event: consent.UpdateEvent, Integrations: own, Context: about}
	case 6:
		return analytics.Track{MessageId: id, UserId: u, Event: "Order Completed", Integrations: own, Context: about}
	default:
		return analytics.Track{MessageId: id, UserId: u, Event: "e", Integrations: own, Context: about}
	}
}

func idOf(m analytics.Message) string {
	switch m := m.(type) {
	case analytics.Identify:
		return m.MessageId
	case analytics.Page:
		return m.MessageId
	case analytics.Screen:
		return m.MessageId
	case analytics.Group:
		return m.MessageId
	case analytics.Alias:
		return m.MessageId
	case analytics.Track:
		return m.MessageId
	default:
		return ""
	}
}
