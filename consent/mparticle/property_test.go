package mparticle_test

import (
	"encoding/json"
	"errors"
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
	"github.com/go-consent/segment/consent/mparticle"
	"github.com/go-consent/segment/destinations"
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
					require.Equal(t, state, cmpOr(states[kind+id], state), "a user has two consent states in a request\nCONSENT_SEED=%d", seed)
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

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
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

// A trial is one message of one visitor.
type trial struct {
	id       string
	state    consent.State
	own      analytics.Integrations
	message  analytics.Message
	decision consent.Decision // of the policy
	router   mparticle.Router
	who      map[string]string
	err      error // of Enqueue
}

// aka returns all names of a destination.
func (x *trial) aka(name string) []string {
	aka := []string{name}
	for v := range x.decision.Verdicts() {
		if v.AliasOf == name {
			aka = append(aka, v.Destination)
		} else if v.Destination == name && v.AliasOf != "" {
			aka = append(aka, v.AliasOf)
		}
	}
	return aka
}

// closed reports whether the application closes a destination: one of its names or All, in any
// casing.
func (x *trial) closed(name string) bool {
	aka := x.aka(name)
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

// allowed reports whether the policy and the visitor let a destination see the message.
func (x *trial) allowed(name string) bool {
	for v := range x.decision.Verdicts() {
		if v.Destination == name {
			return v.Allowed
		}
	}
	return x.decision.Unlisted() && x.state.Rest() != consent.Denied && x.state.Destination(name) != consent.Denied
}

// consent returns what a batch has to say: every purpose that the policy has, true only if the
// Decision has all of its categories true.
func (x *trial) consent() map[string]map[string]bool {
	granted := maps.Collect(x.decision.Categories())
	out := map[string]map[string]bool{"gdpr": {}}
	for category, ok := range granted {
		purpose, named := x.router.Purposes[category]
		if !named {
			purpose = category
		}
		if purpose = strings.ToLower(strings.TrimSpace(purpose)); purpose == "" {
			continue
		}
		if before, known := out["gdpr"][purpose]; known {
			ok = ok && before
		}
		out["gdpr"][purpose] = ok
	}
	if len(x.router.Sale) > 0 {
		out["ccpa"] = map[string]bool{"data_sale_opt_out": slices.ContainsFunc(x.router.Sale, func(c string) bool { return !granted[c] })}
	}
	return out
}

func (x *trial) check(b wireBatch, profile map[string]map[string]bool, told consent.Decision) string {
	if !maps.Equal(b.UserIdentities, x.who) {
		return "it is in the batch of somebody else"
	}
	if got, want := b.consent(), x.consent(); fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Sprintf("the consent state is %v, and the decision %v", got, want)
	}
	for category, granted := range x.decision.Categories() {
		if x.state.Category(category) == consent.Denied && granted {
			return category + " was denied"
		}
	}
	open := make(map[string]bool) // by any name
	for _, o := range x.router.Outputs {
		if !forwards(o.Purpose, o.NoSale, profile) {
			continue
		}
		if !x.allowed(o.Name) {
			return o.Name + " may not see it and is open"
		}
		if x.closed(o.Name) {
			return o.Name + " was closed by the application and is open"
		}
		for _, name := range x.aka(o.Name) {
			open[name] = true
		}
	}
	for _, o := range x.router.Outputs {
		if told.Allows(o.Name) != open[o.Name] {
			return fmt.Sprintf("%s is told %t and is %t", o.Name, told.Allows(o.Name), open[o.Name])
		}
	}
	return ""
}

// mayStay reports whether nothing is lost when the message stays.
func (x *trial) mayStay() bool {
	switch m := x.message.(type) {
	case analytics.Group, analytics.Alias:
		return x.err == nil || errors.Is(x.err, mparticle.ErrUnsupported)
	case analytics.Track:
		if m.Event == consent.UpdateEvent {
			return x.err == nil
		}
	}
	profile := map[string]map[string]bool{"gdpr": {}, "ccpa": {}}
	for regulation, purposes := range x.consent() {
		profile[regulation] = purposes
	}
	if len(profile["gdpr"])+len(profile["ccpa"]) == 0 {
		return x.err == nil
	}
	useful, harmful := false, false
	for _, o := range x.router.Outputs {
		passes := forwards(o.Purpose, o.NoSale, profile)
		may := x.allowed(o.Name) && !x.closed(o.Name)
		// What is denied in another casing is closed here, where the policy lists neither.
		for v := range x.decision.Verdicts() {
			may = may && (v.Allowed || !strings.EqualFold(v.Destination, o.Name))
		}
		for key, value := range x.own {
			may = may && (value != false || !strings.EqualFold(key, o.Name))
		}
		for name, granted := range x.state.Destinations() {
			may = may && (granted || !strings.EqualFold(name, o.Name))
		}
		useful, harmful = useful || passes && may, harmful || passes && !may
	}
	return x.err == nil && (!useful || harmful)
}

func randomPolicy(r *rand.Rand) consent.Policy {
	c := destinations.Config{
		Categories: make(map[string][]string), Aliases: map[string][]string{},
		OptOut: r.IntN(3) == 0, AllowUnlisted: r.IntN(3) == 0, Imply: r.IntN(2) == 0,
	}
	for _, category := range categories {
		c.Categories[category] = nil
		for _, name := range []string{"Amplitude", "Mixpanel", "Facebook Pixel", "Amazon S3"} {
			if r.IntN(3) == 0 {
				c.Categories[category] = append(c.Categories[category], name)
			}
		}
	}
	if slices.Contains(slices.Concat(slices.Collect(maps.Values(c.Categories))...), "Facebook Pixel") {
		c.Aliases["Facebook Pixel"] = []string{"Meta"}
	}
	if r.IntN(3) > 0 {
		c.Always = []string{"mParticle"}
	}
	return destinations.MustCompile(c)
}

func randomRouter(r *rand.Rand) mparticle.Router {
	x := mparticle.Router{Purposes: map[string]string{}}
	for _, category := range categories {
		if r.IntN(4) == 0 {
			x.Purposes[category] = []string{"", " Marketing ", "marketing", "ANALYTICS"}[r.IntN(4)]
		}
		if r.IntN(4) == 0 {
			x.Sale = append(x.Sale, category)
		}
	}
	var purposes []string
	for _, category := range categories {
		purpose, named := x.Purposes[category]
		if !named {
			purpose = category
		}
		purposes = append(purposes, purpose)
	}
	for i, name := range names {
		if r.IntN(4+2*i) > 1 { // the last ones are rarely listed by the policy
			continue
		}
		o := mparticle.Output{Name: name, NoSale: len(x.Sale) > 0 && r.IntN(3) == 0}
		if name != "mParticle" && r.IntN(5) > 0 {
			o.Purpose = purposes[r.IntN(len(purposes))]
		}
		x.Outputs = append(x.Outputs, o)
	}
	if len(x.Outputs) == 0 {
		x.Outputs = []mparticle.Output{{Name: "mParticle"}}
	}
	return x
}

func randomTrial(r *rand.Rand, id string) *trial {
	x := &trial{id: id}
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
	case 1, 2, 3, 4:
		x.state = consent.All(consent.Granted)
	}
	if r.IntN(4) == 0 {
		asked := make(map[string]bool)
		for _, name := range append([]string{"All", "AMPLITUDE"}, names...) {
			if r.IntN(4) == 0 {
				asked[name] = r.IntN(2) == 0
			}
		}
		x.state = x.state.WithDestinations(asked)
	}
	if r.IntN(4) == 0 {
		x.own = make(analytics.Integrations)
		values := []any{true, false, map[string]any{"session": 1}, "false", nil, 0}
		for _, name := range append([]string{"All", "all", "AMPLITUDE"}, names...) {
			if r.IntN(6) == 0 {
				x.own[name] = values[r.IntN(len(values))]
			}
		}
	}
	// A few users send many messages, with one id or with both.
	user, anonymous := fmt.Sprintf("u%d", r.IntN(20)), ""
	if r.IntN(3) == 0 {
		anonymous = fmt.Sprintf("a%d", r.IntN(20))
	}
	if anonymous != "" && r.IntN(2) == 0 {
		user = ""
	}
	x.who = map[string]string{"customer_id": user, "other": anonymous}
	maps.DeleteFunc(x.who, func(_, id string) bool { return id == "" })
	x.message = message(r.IntN(10), id, user, anonymous, x.own)
	return x
}

// message returns a message, whose context has what could contradict the consent.
func message(kind int, id, user, anonymous string, own analytics.Integrations) analytics.Message {
	forged := map[string]any{"gdpr": map[string]bool{"analytics": true, "ads": true}}
	context := &analytics.Context{Extra: map[string]any{
		"mparticleConsentState": forged, "MPARTICLECONSENTSTATE": forged, "consent_state": forged,
	}}
	switch kind {
	case 0:
		return analytics.Identify{MessageId: id, UserId: user, AnonymousId: anonymous, Traits: analytics.Traits{"id": id}, Integrations: own, Context: context}
	case 1:
		return analytics.Page{MessageId: id, UserId: user, AnonymousId: anonymous, Name: "n", Integrations: own}
	case 2:
		return analytics.Screen{MessageId: id, UserId: user, AnonymousId: anonymous, Name: "n", Integrations: own, Context: context}
	case 3:
		return analytics.Group{MessageId: id, UserId: user, AnonymousId: anonymous, GroupId: "g", Integrations: own, Context: context}
	case 4:
		return analytics.Alias{MessageId: id, UserId: "u", PreviousId: "p", Integrations: own}
	case 5:
		return analytics.Track{MessageId: id, UserId: user, AnonymousId: anonymous, Event: consent.UpdateEvent, Integrations: own}
	default:
		return analytics.Track{MessageId: id, UserId: user, AnonymousId: anonymous, Event: "e", Integrations: own, Context: context,
			Properties: analytics.Properties{"n": json.Number("1"), "list": []int{1}}}
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
