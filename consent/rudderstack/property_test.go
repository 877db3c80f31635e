package rudderstack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/consent/rudderstack"
	"github.com/go-consent/segment/destinations"
)

var (
	names      = []string{"Amplitude", "Mixpanel", "Facebook Pixel", "Meta", "Amazon S3", "Snowflake", "Google Analytics 4 (GA4)", "amplitude"}
	categories = []string{"analytics", "ads", "C0002"}
)

// TestNothingDeniedIsEverOpen sends random messages for random visitors under random
// policies through RudderStack's real client, and judges the bytes of its requests by the
// rules of package rudderstacktest, with destinations that have the categories set up at the
// server and with ones that have nothing set up there.
//
// CONSENT_SEED repeats a run, CONSENT_CASES sets its length.
func TestNothingDeniedIsEverOpen(t *testing.T) {
	seed, cases := number(t, "CONSENT_SEED", uint64(time.Now().UnixNano())), number(t, "CONSENT_CASES", 100_000)
	t.Logf("CONSENT_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var unset rudderstacktest.Source
	for _, name := range append([]string{"Nobody's"}, names...) {
		unset.Destinations = append(unset.Destinations, rudderstacktest.Destination{Name: name})
	}
	plane := rudderstacktest.New(t, unset)
	count := map[string]int{}
	for done := uint64(0); done < cases; {
		policy := randomPolicy(r)
		told := make(map[string]consent.Decision)
		client := newClient(t, plane, rudderstack.Router{AnyConsent: r.IntN(4) == 0}, policy, &consent.Options{
			OnDecision: func(m analytics.Message, d consent.Decision) { told[idOf(m)] = d },
		})
		trials := make(map[string]trial)
		for range 500 {
			done++
			x := randomTrial(r, fmt.Sprint(done))
			x.decision = policy.Decide(x.state)
			trials[x.id] = x
			require.NoError(t, client.With(x.state).Enqueue(x.message))
		}
		require.NoError(t, client.Close())
		stats := client.Stats()
		require.Zero(t, stats.Pending())
		require.Zero(t, stats.Failed+stats.Refused)
		require.Empty(t, plane.Refusals())
		events := plane.Arrivals()
		plane.Reset()
		require.EqualValues(t, stats.Delivered, len(events))
		for _, e := range events {
			x := trials[e.MessageID]
			if wrong := x.check(t, e, told[e.MessageID]); wrong != "" {
				t.Fatalf("%s\nCONSENT_SEED=%d\nvisitor %v\nmessage %#v\nwire    %s", wrong, seed, x.state, x.message, e.JSON)
			}
			delete(trials, e.MessageID)
			count[e.Type]++
		}
		for _, x := range trials {
			require.True(t, x.mayStay(), "a message was lost\nCONSENT_SEED=%d\nvisitor %v\nmessage %#v", seed, x.state, x.message)
			count["suppressed"]++
		}
	}
	t.Log(count)
	require.Len(t, count, 7, "six types, and what is suppressed")
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

// A trial is one message of one visitor.
type trial struct {
	id       string
	state    consent.State
	own      analytics.Integrations
	message  analytics.Message
	decision consent.Decision // of the policy
}

// closed reports whether the application closes a destination that the policy lists: one of
// its names or All, in any casing.
func (x trial) closed(name string) bool {
	aka := []string{name}
	for v := range x.decision.Verdicts() {
		if v.AliasOf == name {
			aka = append(aka, v.Destination)
		} else if v.Destination == name && v.AliasOf != "" {
			aka = append(aka, v.AliasOf)
		}
	}
	all, named := false, false
	for key, value := range x.own {
		off := value == false
		if off && slices.ContainsFunc(aka, func(n string) bool { return strings.EqualFold(key, n) }) {
			return true
		}
		all = all || off && strings.EqualFold(key, "All")
		named = named || !off && slices.Contains(aka, key)
	}
	return all && !named
}

func (x trial) listed(name string) bool {
	return slices.ContainsFunc(slices.Collect(x.decision.Verdicts()), func(v consent.Verdict) bool { return v.Destination == name })
}

// allowed reports whether the policy, the visitor and the application let a destination
// see the message.
func (x trial) allowed(name string) bool {
	for v := range x.decision.Verdicts() {
		if v.Destination == name {
			return v.Allowed
		}
	}
	return x.decision.Unlisted() && x.state.Rest() != consent.Denied && x.state.Destination(name) != consent.Denied
}

func (x trial) check(t *testing.T, a rudderstacktest.Arrival, told consent.Decision) string {
	c := consentManagement(t, a)
	if c.Provider != "custom" {
		return "the provider is " + c.Provider
	}
	for category, granted := range x.decision.Categories() {
		if slices.Contains(c.AllowedConsentIDs, category) != granted || slices.Contains(c.DeniedConsentIDs, category) == granted {
			return category + " stands in the wrong list"
		}
		if x.state.Category(category) == consent.Denied && granted {
			return category + " was denied"
		}
	}
	for _, name := range append([]string{"Nobody's"}, names...) {
		open := a.At(name).Delivered
		switch {
		case open && !x.allowed(name):
			return name + " may not see it and is open"
		case open && x.listed(name) && x.closed(name):
			return name + " was closed by the application and is open"
		case open != told.Allows(name):
			return fmt.Sprintf("%s is told %t and is %t", name, told.Allows(name), open)
		}
	}
	for category, granted := range x.decision.Categories() {
		if granted != passes(t, a, category) {
			return fmt.Sprintf("a destination that needs %s gets it: %t", category, !granted)
		}
	}
	return ""
}

// passes reports whether the consentManagement object alone lets an event pass to a
// destination that has a category of the custom provider set up.
func passes(t *testing.T, a rudderstacktest.Arrival, category string) bool {
	var e struct{ Context json.RawMessage }
	require.NoError(t, json.Unmarshal(a.JSON, &e))
	source := rudderstacktest.Source{Destinations: []rudderstacktest.Destination{rudderstacktest.Needs("any", category)}}
	deliveries, err := source.Route([]byte(`{"context":` + string(e.Context) + `}`))
	require.NoError(t, err)
	return deliveries[0].Delivered
}

// mayStay reports whether nothing is lost when the message is suppressed.
func (x trial) mayStay() bool {
	if m, ok := x.message.(analytics.Track); ok && m.Event == consent.UpdateEvent {
		return true
	}
	anything := x.decision.Unlisted() && x.state.Rest() != consent.Denied
	denied := x.state.Denials() != consent.NewState(nil)
	for v := range x.decision.Verdicts() {
		anything = anything || v.Allowed
		denied = denied || !v.Allowed
	}
	for _, granted := range maps.Collect(x.decision.Categories()) {
		denied = denied || !granted
	}
	_, alias := x.message.(analytics.Alias)
	return !anything || alias && denied
}

func randomPolicy(r *rand.Rand) consent.Policy {
	c := destinations.Config{
		Categories: make(map[string][]string), Aliases: map[string][]string{},
		OptOut: r.IntN(3) == 0, AllowUnlisted: r.IntN(3) == 0, Imply: r.IntN(2) == 0,
	}
	for _, category := range categories {
		c.Categories[category] = nil
		for _, name := range []string{"Amplitude", "Mixpanel", "Facebook Pixel", "Amazon S3", "Snowflake"} {
			if r.IntN(3) == 0 {
				c.Categories[category] = append(c.Categories[category], name)
			}
		}
	}
	if slices.Contains(slices.Concat(slices.Collect(maps.Values(c.Categories))...), "Facebook Pixel") {
		c.Aliases["Facebook Pixel"] = []string{"Meta"}
	}
	if r.IntN(3) == 0 {
		c.Always = []string{"Google Analytics 4 (GA4)"}
	}
	return destinations.MustCompile(c)
}

func randomTrial(r *rand.Rand, id string) trial {
	x := trial{id: id}
	answers := make(map[string]bool)
	for _, category := range append([]string{"C0009"}, categories...) {
		if r.IntN(4) > 0 {
			answers[category] = r.IntN(3) > 0
		}
	}
	x.state = consent.NewState(answers)
	switch r.IntN(10) {
	case 0:
		x.state = consent.All(consent.Denied)
	case 1:
		x.state = consent.All(consent.Granted)
	}
	if r.IntN(3) == 0 {
		asked := make(map[string]bool)
		for _, name := range append([]string{"All", "AMPLITUDE"}, names...) {
			if r.IntN(4) == 0 {
				asked[name] = r.IntN(2) == 0
			}
		}
		x.state = x.state.WithDestinations(asked)
	}
	if r.IntN(2) == 0 {
		x.own = make(analytics.Integrations)
		values := []any{true, false, false, map[string]any{"session": 1}, "false", nil, 0, []bool{false}, struct{ A int }{1}}
		for _, name := range append([]string{"All", "all", "AMPLITUDE", "Nobody's"}, names...) {
			if r.IntN(5) == 0 {
				x.own[name] = values[r.IntN(len(values))]
			}
		}
	}
	x.message = message(r.IntN(8), id, x.own)
	return x
}

// message returns a message, whose context has what could contradict the consent.
func message(kind int, id string, own analytics.Integrations) analytics.Message {
	context := &analytics.Context{Extra: map[string]any{
		"ConsentManagement": map[string]any{"deniedConsentIds": []string{}},
		"consentManagement": map[string]any{"provider": "none", "deniedConsentIds": []any{1}},
	}}
	switch kind {
	case 0:
		return analytics.Identify{MessageId: id, UserId: "u", Integrations: own, Context: context}
	case 1:
		return analytics.Page{MessageId: id, AnonymousId: "a", Integrations: own}
	case 2:
		return analytics.Screen{MessageId: id, AnonymousId: "a", Integrations: own, Context: context}
	case 3:
		return analytics.Group{MessageId: id, UserId: "u", GroupId: "g", Integrations: own, Context: context}
	case 4:
		return analytics.Alias{MessageId: id, UserId: "u", PreviousId: "p", Integrations: own}
	case 5:
		return analytics.Track{MessageId: id, UserId: "u", Event: consent.UpdateEvent, Integrations: own}
	default:
		return analytics.Track{MessageId: id, UserId: "u", Event: "e", Integrations: own, Context: context}
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
