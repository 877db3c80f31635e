package consent_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// TestNothingDeniedIsEverOpen sends random messages for random visitors under random policies
// through the real analytics-go, and reads the bytes of its requests. What may be open is
// computed here a second time, from the rules alone and without the code under test.
//
// CONSENT_SEED makes another run of it, CONSENT_CASES a longer one.
func TestNothingDeniedIsEverOpen(t *testing.T) {
	seed, cases := propertyRun(t, 100_000)
	r := rand.New(rand.NewPCG(seed, 0))

	count := map[string]int{}
	for done := 0; done < cases; {
		config := randomConfig(r)
		p, err := destinations.Compile(config)
		require.NoError(t, err)
		client, wire := segment(t, p, nil)
		listed := listedBy(config)
		pending := make(map[string]*trial)
		for range 200 {
			done++
			state := randomAnswer(r)
			x := &trial{
				config: config, state: state, message: randomMessage(r, fmt.Sprint(done)),
				listed: listed, answers: maps.Collect(state.Destinations()), asked: maps.Collect(state.Categories()),
			}
			before := clone(x.message)
			err := client.With(x.state).Enqueue(x.message)
			if !reflect.DeepEqual(before, x.message) {
				t.Fatalf("the caller's message was changed: %#v became %#v", before, x.message)
			}
			if x.update() && !x.namesCategory() {
				require.ErrorIs(t, err, consent.ErrNoPreferences)
				count["refused"]++
				continue
			}
			require.NoError(t, err)
			pending[fmt.Sprint(done)] = x
		}
		require.NoError(t, client.Close())

		for _, raw := range wire.messages(t) {
			var e struct {
				MessageID string `json:"messageId"`
				event
			}
			require.NoError(t, json.Unmarshal(raw, &e))
			x := pending[e.MessageID]
			delete(pending, e.MessageID)
			if wrong := x.check(e.event); wrong != "" {
				t.Fatalf("%s\nCONSENT_SEED=%d\nconfig  %+v\nvisitor %v\nmessage %#v\nwire    %s", wrong, seed, x.config, x.state, x.message, raw)
			}
			count["sent"]++
		}
		for _, x := range pending {
			if !x.mayStay() {
				t.Fatalf("a message was lost\nCONSENT_SEED=%d\nconfig  %+v\nvisitor %v\nmessage %#v", seed, x.config, x.state, x.message)
			}
			count["suppressed"]++
		}
	}
	t.Log(count)
	for _, outcome := range []string{"sent", "suppressed", "refused"} {
		require.NotZero(t, count[outcome], outcome)
	}
}

// propertyRun returns the seed of a run and how many cases it has. The seed is always the same,
// so that a test fails because of a change, and not by chance, unless CONSENT_SEED is set.
func propertyRun(t *testing.T, normal int) (seed uint64, cases int) {
	seed, cases = 1, normal
	var err error
	if s := os.Getenv("CONSENT_SEED"); s != "" {
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	if s := os.Getenv("CONSENT_CASES"); s != "" {
		cases, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	t.Logf("CONSENT_SEED=%d", seed)
	return seed, cases
}

// A trial is one message of one visitor under one Config.
type trial struct {
	config  destinations.Config
	state   consent.State
	message analytics.Message
	listed  map[string][]string // the destinations of the Config, each with all of its names
	answers map[string]bool     // the visitor's, for destinations
	asked   map[string]bool     // and for categories
}

func (x *trial) update() bool {
	m, ok := x.message.(*analytics.Track)
	return ok && m.Event == consent.UpdateEvent
}

func (x *trial) namesCategory() bool { return len(x.asked) > 0 }

func listedBy(c destinations.Config) map[string][]string {
	m := make(map[string][]string)
	all := slices.Concat(c.Always, c.ServerOnly, slices.Collect(maps.Keys(c.Aliases)))
	for _, list := range c.Categories {
		all = append(all, list...)
	}
	for _, name := range all {
		m[name] = append([]string{name}, c.Aliases[name]...)
	}
	return m
}

func (x *trial) categories() []string {
	if len(x.config.Categories) == 0 {
		return []string{"advertising", "functional", "marketingAndAnalytics"}
	}
	return slices.Collect(maps.Keys(x.config.Categories))
}

func deniedInAnyCasing(answers map[string]bool, name string) bool {
	for given, granted := range answers {
		if !granted && strings.EqualFold(given, name) {
			return true
		}
	}
	return false
}

func (x *trial) category(name string) consent.Choice {
	if deniedInAnyCasing(x.asked, name) {
		return consent.Denied
	}
	return x.state.Category(name)
}

// allowed applies the seven rules to a destination under one of its names.
func (x *trial) allowed(name string) bool {
	if strings.EqualFold(name, "All") || strings.EqualFold(name, "Segment.io") {
		return false
	}
	primary, aka := "", []string{name}
	for d, all := range x.listed {
		if slices.Contains(all, name) {
			primary, aka = d, all
		}
	}
	if slices.Contains(x.config.Always, primary) && primary != "" {
		return true // 1
	}
	var of []string
	for category, list := range x.config.Categories {
		if slices.Contains(list, primary) {
			of = append(of, category)
		}
	}
	granted, answered := false, false
	for _, n := range aka {
		if x.state.Destination(n) == consent.Denied || deniedInAnyCasing(x.answers, n) {
			return false // 2
		}
		granted = granted || x.state.Destination(n) == consent.Granted
		_, ok := x.answers[n]
		answered = answered || ok
	}
	all := len(of) > 0
	for _, category := range of {
		if x.category(category) == consent.Denied {
			return false // 2
		}
		all = all && x.category(category) == consent.Granted
	}
	if primary == "" { // 3
		closed := x.state.Rest() == consent.Denied || !slices.ContainsFunc(x.categories(), func(c string) bool { return x.category(c) != consent.Denied })
		return !closed && (x.config.AllowUnlisted || len(x.listed) == 0 && x.answers[name])
	}
	switch {
	case x.state.AskedByDestination() && !answered && !x.config.Imply && !slices.Contains(x.config.ServerOnly, primary):
		return false // 4
	case all:
		return true // 5
	case granted:
		return true // 6
	default:
		return x.config.OptOut // 7
	}
}

// universe is every name that could matter: those of the Config, the visitor and the caller,
// and one that nobody uses.
func (x *trial) universe() []string {
	all := slices.Clone(destinationNames)
	for _, aka := range x.listed {
		all = append(all, aka...)
	}
	for name := range x.state.Destinations() {
		all = append(all, name)
	}
	all = slices.DeleteFunc(all, func(n string) bool {
		return n == "" || strings.EqualFold(n, "All") || strings.EqualFold(n, "Segment.io")
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// spelled reports whether a name can be closed while others are open: the Config, the visitor
// or the caller spells it this way, or the visitor denied everything.
func (x *trial) spelled(name string) bool {
	if _, called := callerOf(x.message)[name]; called || name == "Warehouses" {
		return true
	}
	_, answered := x.answers[name]
	_, listed := x.owner(name)
	return answered || listed || !x.allowed("nobody's")
}

// mayStay reports whether nothing is lost when the message is suppressed.
func (x *trial) mayStay() bool {
	if x.update() {
		return false
	}
	anything, denied := x.config.AllowUnlisted && x.allowed("nobody's"), x.state.Denials() != consent.NewState(nil)
	for _, name := range x.universe() {
		_, listed := x.owner(name)
		anything = anything || x.reached(name)
		denied = denied || (listed || x.allowed(name)) && !x.reached(name)
		if !x.allowed(name) && (listed || deniedInAnyCasing(x.answers, name)) && (x.isStorage(name) || x.isWarehouse(name) && x.allowed("Warehouses")) {
			return true
		}
	}
	for _, category := range x.categories() {
		denied = denied || !x.shown(category)
	}
	_, alias := x.message.(*analytics.Alias)
	return !anything || alias && denied
}

// isWarehouse reports whether any name of the destination is a warehouse's.
func (x *trial) isWarehouse(name string) bool {
	owner, listed := x.owner(name)
	if !listed {
		return warehouse[name] || name == "Warehouses"
	}
	return slices.ContainsFunc(x.listed[owner], func(n string) bool { return warehouse[n] || n == "Warehouses" }) && !x.isStorage(name)
}

func (x *trial) isStorage(name string) bool {
	owner, listed := x.owner(name)
	return storage[name] || listed && slices.ContainsFunc(x.listed[owner], func(n string) bool { return storage[n] })
}

// reached is allowed without the warehouses that cannot be open: those of a Config without
// "Warehouses" and, where unlisted destinations are open, those beside a denied warehouse.
func (x *trial) reached(name string) bool {
	if !x.allowed(name) || !x.isWarehouse(name) {
		return x.allowed(name)
	}
	_, listed := x.owner("Warehouses")
	if (listed || len(x.listed) == 0) && x.allowed("Warehouses") {
		return true
	}
	if !x.allowed("nobody's") {
		return false
	}
	return !slices.ContainsFunc(x.universe(), func(n string) bool {
		_, listed := x.owner(n)
		return x.isWarehouse(n) && !x.allowed(n) && (listed || deniedInAnyCasing(x.answers, n))
	})
}

// nearDenied reports whether the caller spells a denied destination in another casing.
func (x *trial) nearDenied(name string) bool {
	_, called := callerOf(x.message)[name]
	return called && slices.ContainsFunc(x.universe(), func(n string) bool {
		_, listed := x.owner(n)
		return listed && strings.EqualFold(n, name) && !x.reached(n)
	})
}

// shown is what the consent object says of a category.
func (x *trial) shown(category string) bool {
	if choice := x.category(category); choice != consent.Unknown {
		return choice == consent.Granted
	}
	byName, all := x.state.AskedByDestination(), len(x.config.Categories[category]) > 0
	for _, d := range x.config.Categories[category] {
		all = all && x.allowed(d)
		for _, aka := range x.listed[d] {
			byName = byName || x.state.Destination(aka) == consent.Denied || deniedInAnyCasing(x.answers, aka)
		}
	}
	if byName {
		return all
	}
	return x.config.OptOut
}

func (x *trial) owner(name string) (string, bool) {
	for d, aka := range x.listed {
		if slices.Contains(aka, name) {
			return d, true
		}
	}
	return "", false
}

// open applies Segment's documented rules to one name in an integrations object.
func open(integrations map[string]any, name string) bool {
	value, ok := integrations[name]
	if name == "Warehouses" || warehouse[name] {
		if o, isObject := integrations["Warehouses"].(map[string]any); isObject {
			return o["all"] != false
		}
		return integrations["Warehouses"] != false
	}
	if !ok {
		value, ok = integrations["All"]
		return !ok || value != false
	}
	return value != false
}

// check returns what is wrong with a message on the wire, or "".
func (x *trial) check(e event) string {
	given := callerOf(x.message)
	for key := range e.Context {
		switch strings.ToLower(key) {
		case "providers", "all", "integrations":
			return "a legacy key is in the context: " + key
		case "consent":
			if key != "consent" {
				return "another casing of consent: " + key
			}
		}
	}
	for key := range e.Integrations {
		if strings.EqualFold(key, "all") && key != "All" || strings.EqualFold(key, "providers") {
			return "a key that nobody documents: " + key
		}
	}

	object, _ := e.Context["consent"].(map[string]any)
	preferences, _ := object["categoryPreferences"].(map[string]any)
	if len(preferences) != len(x.categories()) {
		return fmt.Sprint("categoryPreferences are not the categories of the Config: ", preferences)
	}
	for _, category := range x.categories() {
		want := x.shown(category)
		if got, ok := preferences[category].(bool); !ok || got != want {
			return fmt.Sprintf("category %s is %v, not %t", category, preferences[category], want)
		}
	}
	answers, _ := object["destinationPreferences"].(map[string]any)
	for name, value := range answers {
		if _, listed := x.owner(name); !listed && len(x.listed) > 0 {
			return "a preference for a destination of the visitor's own: " + name
		}
		if value == true && x.state.Destination(name) != consent.Granted {
			return "a preference nobody stated: " + name
		}
	}

	var off []string
	allOff := false
	for key, value := range given {
		if value == false {
			off = append(off, key)
			allOff = allOff || strings.EqualFold(key, "all")
		}
	}
	anything := x.update()
	for _, name := range x.universe() {
		allowed := x.reached(name)
		anything = anything || allowed
		owner, listed := x.owner(name)
		switch {
		case x.update() && open(e.Integrations, name) && !storage[name]:
			return "the update of preferences reaches " + name
		case x.update():
		case warehouse[name] && !listed && !deniedInAnyCasing(x.answers, name):
			// one kind of warehouse, covered by the verdict on "Warehouses"
		case !allowed && open(e.Integrations, name) && x.spelled(name):
			return name + " is denied and open"
		case storage[name] && !allowed && (listed || deniedInAnyCasing(x.answers, name)):
			return name + " is denied, and integrations cannot stop it"
		case x.isWarehouse(name):
		case listed && x.isStorage(name):
			// the integrations object cannot close it
		case allowed && listed && open(e.Integrations, name):
			for _, aka := range x.listed[owner] {
				for _, n := range off {
					if strings.EqualFold(n, aka) {
						return name + " is open, though the caller closed " + n
					}
				}
			}
			named := slices.ContainsFunc(x.listed[owner], func(aka string) bool { _, ok := given[aka]; return ok })
			if allOff && !named {
				return name + " is open, though the caller closed all"
			}
		case allowed && listed && len(off) == 0:
			return name + " is allowed and closed"
		case allowed && !listed && x.nearDenied(name):
			// perhaps the right spelling of what is denied
		case allowed && len(off) == 0 && !open(e.Integrations, name) && len(x.listed) > 0 && name != "Warehouses":
			return name + " is unlisted, allowed and closed"
		}
	}
	if anything = anything || x.config.AllowUnlisted && x.allowed("nobody's"); !anything {
		return "nothing is allowed, and the message left"
	}
	if _, alias := x.message.(*analytics.Alias); alias && x.mayStay() {
		return "an alias left though something is denied"
	}
	return ""
}

var (
	destinationNames = []string{
		"Amplitude", "Amplitude (Actions)", "Actions Amplitude", "Mixpanel", "mixpanel", "Facebook Pixel", "FACEBOOK PIXEL",
		"FullStory", "Fullstory", "Webhooks", "Warehouses", "Snowflake", "Amazon S3", "Kelvin", "\u212aelvin", "Größe", "日本",
	}
	storage       = map[string]bool{"Amazon S3": true, "amazon s3": true}
	warehouse     = map[string]bool{"Snowflake": true}
	categoryNames = []string{"analytics", "Analytics", "advertising", "functional", "marketingAndAnalytics", "1st"}
)

func some(r *rand.Rand, names []string, odds int) (picked []string) {
	for _, n := range names {
		if r.IntN(odds) == 0 {
			picked = append(picked, n)
		}
	}
	return picked
}

func randomConfig(r *rand.Rand) destinations.Config {
	c := destinations.Config{
		OptOut: r.IntN(4) == 0, Imply: r.IntN(3) == 0, AllowUnlisted: r.IntN(3) == 0,
		Categories: map[string][]string{}, Aliases: map[string][]string{},
	}
	if r.IntN(6) == 0 {
		return c
	}
	own := some(r, destinationNames, 2)
	always := some(r, own, 8)
	for _, category := range some(r, categoryNames, 2) {
		c.Categories[category] = slices.DeleteFunc(some(r, own, 2), func(n string) bool { return slices.Contains(always, n) })
	}
	c.Always = always
	c.ServerOnly = some(r, own, 6)
	listed := listedBy(c)
	for _, alias := range destinationNames {
		if _, taken := listed[alias]; !taken && len(own) > 0 && r.IntN(4) == 0 {
			if d := own[r.IntN(len(own))]; d != alias && !slices.Contains(slices.Collect(maps.Keys(c.Aliases)), alias) {
				c.Aliases[d] = append(c.Aliases[d], alias)
			}
		}
	}
	for _, aliases := range c.Aliases { // a destination named only by its aliases is no alias itself
		for _, alias := range aliases {
			delete(c.Aliases, alias)
		}
	}
	return c
}

func randomAnswer(r *rand.Rand) consent.State {
	pick := func(names []string) map[string]bool {
		m := map[string]bool{}
		bias := r.IntN(5)
		for _, n := range some(r, names, 1+r.IntN(3)) {
			m[n] = bias == 0 || bias != 1 && r.IntN(3) != 0
		}
		return m
	}
	s := consent.NewState(pick(categoryNames))
	if r.IntN(2) == 0 {
		s = s.WithDestinations(pick(append([]string{"All", "all", "Segment.io", "Other", "amazon s3"}, destinationNames...)))
	}
	switch r.IntN(12) {
	case 0:
		s = s.Or(consent.All(consent.Denied))
	case 1, 2:
		s = s.Or(consent.All(consent.Granted))
	case 3:
		s = s.Restrict(consent.NewState(map[string]bool{"advertising": false}))
	case 4:
		s = consent.All(consent.Choice(r.IntN(3)))
	case 5:
		s = s.Denials()
	}
	return s
}

func randomIntegrations(r *rand.Rand) analytics.Integrations {
	if r.IntN(3) == 0 {
		return nil
	}
	m := analytics.Integrations{}
	names := append([]string{"All", "all", "ALL", "Other", "providers", "Segment.io", "warehouses", "amplitude", "WEBHOOKS"}, destinationNames...)
	for _, n := range some(r, names, 2+r.IntN(12)) {
		switch r.IntN(6) {
		case 0, 1:
			m[n] = false
		case 2:
			m[n] = map[string]any{"session_id": 1}
		case 3:
			m[n] = nil
		default:
			m[n] = true
		}
	}
	return m
}

func randomContext(r *rand.Rand) *analytics.Context {
	if r.IntN(3) == 0 {
		return nil
	}
	c := &analytics.Context{Locale: "de"}
	for _, key := range some(r, []string{"consent", "Consent", "providers", "all", "All", "integrations", "other"}, 3) {
		if c.Extra == nil {
			c.Extra = map[string]any{}
		}
		c.Extra[key] = map[string]any{"categoryPreferences": map[string]any{"advertising": true}, "Facebook Pixel": true}
	}
	return c
}

func randomMessage(r *rand.Rand, id string) analytics.Message {
	c, i := randomContext(r), randomIntegrations(r)
	switch r.IntN(7) {
	case 0:
		return &analytics.Track{UserId: "u", Event: "Ordered", MessageId: id, Context: c, Integrations: i}
	case 1:
		return &analytics.Identify{UserId: "u", MessageId: id, Context: c, Integrations: i}
	case 2:
		return &analytics.Page{UserId: "u", MessageId: id, Context: c, Integrations: i}
	case 3:
		return &analytics.Screen{UserId: "u", MessageId: id, Context: c, Integrations: i}
	case 4:
		return &analytics.Group{UserId: "u", GroupId: "g", MessageId: id, Context: c, Integrations: i}
	case 5:
		return &analytics.Alias{UserId: "u", PreviousId: "p", MessageId: id, Context: c, Integrations: i}
	default:
		return &analytics.Track{UserId: "u", Event: consent.UpdateEvent, MessageId: id, Context: c, Integrations: i}
	}
}

func callerOf(m analytics.Message) analytics.Integrations {
	return reflect.ValueOf(m).Elem().FieldByName("Integrations").Interface().(analytics.Integrations)
}

// clone copies a message with the maps that Enqueue is given.
func clone(m analytics.Message) analytics.Message {
	v := reflect.New(reflect.TypeOf(m).Elem())
	v.Elem().Set(reflect.ValueOf(m).Elem())
	v.Elem().FieldByName("Integrations").Set(reflect.ValueOf(maps.Clone(callerOf(m))))
	if c := v.Elem().FieldByName("Context").Interface().(*analytics.Context); c != nil {
		copied := *c
		copied.Extra = maps.Clone(c.Extra)
		v.Elem().FieldByName("Context").Set(reflect.ValueOf(&copied))
	}
	return v.Interface().(analytics.Message)
}
