package consent_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

// A capture is an analytics.Client that keeps what it was given, as JSON.
type capture struct {
	mu     sync.Mutex
	sent   []analytics.Message
	events []event
	closed int
	err    error
}

type event struct {
	Type         string         `json:"type"`
	Event        string         `json:"event"`
	UserID       string         `json:"userId"`
	AnonymousID  string         `json:"anonymousId"`
	Properties   map[string]any `json:"properties"`
	Traits       map[string]any `json:"traits"`
	Integrations map[string]any `json:"integrations"`
	Context      map[string]any `json:"context"`
}

func (c *capture) Enqueue(m analytics.Message) error {
	if c.err != nil {
		return c.err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var e event
	if err := json.Unmarshal(b, &e); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, m)
	c.events = append(c.events, e)
	return nil
}

func (c *capture) Close() error {
	c.closed++
	return nil
}

func (c *capture) only(t *testing.T) event {
	t.Helper()
	require.Len(t, c.events, 1)
	return c.events[0]
}

type object = map[string]any

var policy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Mixpanel"},
		"advertising": {"Facebook Pixel"},
	},
})

var (
	acceptAll       = consent.NewState(map[string]bool{"analytics": true, "advertising": true})
	acceptAnalytics = consent.NewState(map[string]bool{"analytics": true, "advertising": false})
)

// messages returns one message of each type.
func messages() []analytics.Message {
	return []analytics.Message{
		analytics.Track{UserId: "u", Event: "Ordered"},
		analytics.Identify{UserId: "u"},
		analytics.Page{UserId: "u", Name: "Home"},
		analytics.Screen{UserId: "u", Name: "Home"},
		analytics.Group{UserId: "u", GroupId: "g"},
		analytics.Alias{UserId: "u", PreviousId: "p"},
	}
}

func pointer(m analytics.Message) analytics.Message {
	switch m := m.(type) {
	case analytics.Track:
		return &m
	case analytics.Identify:
		return &m
	case analytics.Page:
		return &m
	case analytics.Screen:
		return &m
	case analytics.Group:
		return &m
	case analytics.Alias:
		return &m
	}
	panic("no such message")
}

func TestEveryTypeIsStampedByValueAndByPointer(t *testing.T) {
	for _, m := range messages() {
		for name, m := range map[string]analytics.Message{"value": m, "pointer": pointer(m)} {
			t.Run(fmt.Sprintf("%T by %s", m, name), func(t *testing.T) {
				var next capture
				require.NoError(t, consent.New(&next, policy, nil).With(acceptAll).Enqueue(m))
				e := next.only(t)
				require.Equal(t, object{
					"All": false, "Amplitude": true, "Mixpanel": true, "Facebook Pixel": true,
					"Warehouses": object{"all": false},
				}, e.Integrations)
				require.Equal(t, object{
					"categoryPreferences":    object{"analytics": true, "advertising": true},
					"destinationPreferences": object{},
				}, e.Context["consent"])
			})
		}
	}
}

func TestDeniedDestinationsAreClosed(t *testing.T) {
	var next capture
	require.NoError(t, consent.New(&next, policy, nil).With(acceptAnalytics).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"}))
	e := next.only(t)
	require.Equal(t, object{"All": false, "Amplitude": true, "Mixpanel": true, "Warehouses": object{"all": false}}, e.Integrations)
	require.Equal(t, object{"analytics": true, "advertising": false}, e.Context["consent"].(object)["categoryPreferences"])
}

func TestNothingAllowedStaysHome(t *testing.T) {
	for name, c := range map[string]struct {
		state  consent.State
		policy consent.Policy
	}{
		"everything denied": {consent.NewState(map[string]bool{"analytics": false, "advertising": false}), policy},
		"no answer, opt-in": {consent.NewState(nil), policy},
		"nobody looked":     {consent.All(consent.Denied), policy},
		"nil policy":        {acceptAll, nil},
		"typed nil policy":  {acceptAll, (*destinations.Policy)(nil)},
		"typed nil func":    {acceptAll, decideFunc(nil)},
		"zero decision":     {acceptAll, decideFunc(func(consent.State) consent.Decision { return consent.Decision{} })},
		"no category to state": {acceptAll, decideFunc(func(consent.State) consent.Decision {
			return consent.NewDecision(nil, []consent.Verdict{{Destination: "Amplitude", Allowed: true}}, false)
		})},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range messages() {
				var next capture
				var told []consent.Decision
				var o outcomes
				options := &consent.Options{
					OnDecision: func(_ analytics.Message, d consent.Decision) { told = append(told, d) },
					OnOutcome:  o.hear,
				}
				require.NoError(t, consent.New(&next, c.policy, options).With(c.state).Enqueue(m))
				require.Empty(t, next.events)
				require.Len(t, told, 1)
				require.NotEmpty(t, o.only(t).Reason)
			}
		})
	}
}

type decideFunc func(consent.State) consent.Decision

func (f decideFunc) Decide(s consent.State) consent.Decision { return f(s) }

func TestInvalidMessagesAreErrorsEvenWhenSuppressed(t *testing.T) {
	for _, state := range []consent.State{acceptAll, consent.All(consent.Denied)} {
		told := 0
		o := &consent.Options{OnDecision: func(analytics.Message, consent.Decision) { told++ }}
		var next capture
		client := consent.New(&next, policy, o).With(state)

		var field analytics.FieldError
		require.ErrorAs(t, client.Enqueue(analytics.Track{UserId: "u"}), &field)
		require.ErrorAs(t, client.Enqueue(&analytics.Identify{}), &field)
		for _, m := range []analytics.Message{nil, (*analytics.Track)(nil), (*analytics.Identify)(nil), (*analytics.Page)(nil),
			(*analytics.Screen)(nil), (*analytics.Group)(nil), (*analytics.Alias)(nil), ownMessage{}, &ownMessage{}, (*ownMessage)(nil), embedded{}} {
			require.ErrorIs(t, client.Enqueue(m), consent.ErrMessage, "%T", m)
		}
		require.Zero(t, told)
		require.Empty(t, next.sent)
	}
}

type ownMessage struct{}

func (ownMessage) Validate() error { return nil }

type embedded struct{ analytics.Track }

func TestNoClient(t *testing.T) {
	m := analytics.Track{UserId: "u", Event: "Ordered"}
	var none *consent.Client
	for _, c := range []*consent.Client{
		none, {}, consent.New(nil, policy, nil), consent.New((*capture)(nil), policy, nil),
		none.With(acceptAll), none.For(t.Context()), none.Anonymous(nil),
	} {
		require.ErrorIs(t, c.Enqueue(m), consent.ErrNoClient)
		require.ErrorIs(t, c.Close(), consent.ErrNoClient)
	}
	require.ErrorIs(t, consent.New(nil, nil, nil).With(acceptAll).Enqueue(m), consent.ErrNoClient)
	failing := &capture{err: errors.New("full")}
	require.ErrorIs(t, consent.New(failing, policy, nil).With(acceptAll).Enqueue(m), failing.err)
}

func TestClientIsBoundToOneState(t *testing.T) {
	var next capture
	m := analytics.Track{UserId: "u", Event: "Ordered"}
	root := consent.New(&next, policy, nil)
	require.NoError(t, root.Enqueue(m))
	require.Empty(t, next.events, "bound to All(Denied) until With or For")

	require.NoError(t, root.For(context.Background()).Enqueue(m))
	require.NoError(t, root.For(nil).Enqueue(m)) //lint:ignore SA1012 a nil context is what is tested
	require.Empty(t, next.events, "a context without a State: nobody looked")

	ctx := consent.NewContext(context.Background(), acceptAnalytics)
	require.NoError(t, root.For(ctx).Enqueue(m))
	require.Len(t, next.events, 1)
	require.NoError(t, root.Enqueue(m))
	require.Len(t, next.events, 1, "the client that For was called on is unchanged")
}

func TestCallerOnlyNarrows(t *testing.T) {
	closed := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude (Actions)", "Mixpanel"}, "advertising": {"Facebook Pixel"}},
		Always:     []string{"Webhooks"},
		Aliases:    map[string][]string{"Amplitude (Actions)": {"Actions Amplitude"}},
	})
	open := destinations.MustCompile(destinations.Config{
		Categories:    map[string][]string{"analytics": {"Amplitude (Actions)", "Mixpanel"}, "advertising": {"Facebook Pixel", "Snowflake"}},
		Aliases:       map[string][]string{"Amplitude (Actions)": {"Actions Amplitude"}, "Facebook Pixel": {"Facebook"}},
		AllowUnlisted: true,
	})
	no := object{"all": false}
	options := object{"session_id": 1.0}
	yes, off := true, false
	for _, c := range []struct {
		rule   string
		policy consent.Policy
		caller analytics.Integrations
		want   object
	}{
		{"nothing said", closed, nil,
			object{"All": false, "Warehouses": no, "Amplitude (Actions)": true, "Actions Amplitude": true, "Mixpanel": true, "Webhooks": true}},
		{"true for a denied, an unlisted and all", closed, analytics.Integrations{"Facebook Pixel": true, "Other": true, "All": true, "all": true, "Warehouses": true},
			object{"All": false, "Warehouses": no, "Amplitude (Actions)": true, "Actions Amplitude": true, "Mixpanel": true, "Webhooks": true}},
		{"what is not false enables", closed, analytics.Integrations{"Facebook Pixel": object{"a": 1}, "facebook pixel": 0, "FACEBOOK PIXEL": nil},
			object{"All": false, "Warehouses": no, "Amplitude (Actions)": true, "Actions Amplitude": true, "Mixpanel": true, "Webhooks": true}},
		{"false for an allowed one", closed, analytics.Integrations{"Mixpanel": false},
			object{"All": false, "Warehouses": no, "Amplitude (Actions)": true, "Actions Amplitude": true, "Webhooks": true}},
		{"false under an alias in another casing", closed, analytics.Integrations{"ACTIONS amplitude": &off},
			object{"All": false, "Warehouses": no, "Mixpanel": true, "Webhooks": true}},
		{"options of an allowed one keep their key", closed, analytics.Integrations{"Actions Amplitude": options, "Mixpanel": &yes},
			object{"All": false, "Warehouses": no, "Amplitude (Actions)": true, "Actions Amplitude": options, "Mixpanel": true, "Webhooks": true}},
		{"DisableAll leaves the caller's own true", closed, analytics.NewIntegrations().DisableAll().Enable("Mixpanel").Enable("Facebook Pixel"),
			object{"All": false, "Warehouses": no, "Mixpanel": true}},
		{"false wins among the casings of All", closed, analytics.Integrations{"ALL": false, "All": true, "Webhooks": true},
			object{"All": false, "Warehouses": no, "Webhooks": true}},

		{"open: denied names and aliases", open, nil,
			object{"Facebook Pixel": false, "Facebook": false, "Snowflake": false, "Warehouses": no}},
		{"open: a denied one stays closed in any casing", open, analytics.Integrations{"facebook": true, "Facebook Pixel": options, "Other": true, "Warehouses": true},
			object{"Facebook Pixel": false, "Facebook": false, "facebook": false, "Snowflake": false, "Warehouses": no, "Other": true}},
		{"open: the caller narrows under an alias", open, analytics.Integrations{"actions amplitude": false, "Other": false},
			object{"Facebook Pixel": false, "Facebook": false, "Snowflake": false, "Warehouses": no,
				"actions amplitude": false, "Actions Amplitude": false, "Amplitude (Actions)": false, "Other": false}},
		{"open: DisableAll", open, analytics.Integrations{"all": false, "Mixpanel": true, "providers": object{"Facebook": true}},
			object{"All": false, "Mixpanel": true, "Amplitude (Actions)": false, "Actions Amplitude": false,
				"Facebook Pixel": false, "Facebook": false, "Snowflake": false, "Warehouses": no}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			var next capture
			require.NoError(t, consent.New(&next, c.policy, nil).With(acceptAnalytics).
				Enqueue(analytics.Track{UserId: "u", Event: "Ordered", Integrations: c.caller}))
			require.Equal(t, c.want, next.only(t).Integrations)
		})
	}
}

type (
	boolean bool
	circle  *circle
)

func TestWhatIsFalse(t *testing.T) {
	no, yes, none := false, true, (*bool)(nil)
	pointer := &no
	var boxed any = false
	for _, c := range []struct {
		value  any
		closes bool
	}{
		{false, true}, {boolean(false), true}, {&no, true}, {&pointer, true}, {&boxed, true},
		{true, false}, {&yes, false}, {nil, false}, {none, false}, {0, false}, {"false", false}, {object{}, false},
		{json.RawMessage("false"), true}, {json.RawMessage(" false\n"), true}, {json.RawMessage("null"), false}, {json.Number("0"), false},
		{writes("false"), true}, {writes(" false "), true}, {writes("true"), false}, {new(writes), false},
	} {
		var next capture
		err := consent.New(&discardMessage{&next}, policy, nil).With(acceptAll).
			Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"MIXPANEL": c.value}})
		require.NoError(t, err)
		_, open := next.sent[0].(analytics.Track).Integrations["Mixpanel"]
		require.Equal(t, c.closes, !open, "%#v", c.value)
	}
}

// writes is a value whose JSON is its own text, or an object if it is empty.
type writes string

func (w writes) MarshalJSON() ([]byte, error) { return []byte(cmp.Or(w, "{}")), nil }

func TestIntegrationsWithoutJSONAreRefused(t *testing.T) {
	var round circle
	round = &round
	for _, value := range []any{round, panics{}, fails{}, make(chan int), math.NaN(), json.RawMessage("fals")} {
		var next capture
		var o outcomes
		m := analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"Mixpanel": value}}
		err := consent.New(&next, policy, &consent.Options{OnOutcome: o.hear}).With(acceptAll).Enqueue(m)
		require.ErrorIs(t, err, consent.ErrNoJSON, "%T", value)
		require.Equal(t, consent.Refused, o.only(t).Result)
		require.Empty(t, next.sent)
	}
}

func TestACallersMarshalerRunsOnce(t *testing.T) {
	var next capture
	made := new(atomic.Bool)
	m := analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"Mixpanel": once{made}}}
	require.NoError(t, consent.New(&next, policy, nil).With(acceptAll).Enqueue(m))
	require.True(t, made.Load())
	require.EqualValues(t, 1, next.only(t).Integrations["Mixpanel"])
}

// discardMessage keeps a message without making JSON of it.
type discardMessage struct{ *capture }

func (d *discardMessage) Enqueue(m analytics.Message) error {
	d.sent = append(d.sent, m)
	return nil
}

func TestOnDecisionHearsWhatTheCallerClosed(t *testing.T) {
	var next capture
	var told consent.Decision
	o := &consent.Options{OnDecision: func(m analytics.Message, d consent.Decision) {
		require.IsType(t, analytics.Track{}, m)
		told = d
	}}
	require.NoError(t, consent.New(&next, policy, o).With(acceptAll).
		Enqueue(&analytics.Track{UserId: "u", Event: "Ordered", Integrations: analytics.Integrations{"mixpanel": false}}))
	reasons := map[string]string{}
	for v := range told.Verdicts() {
		reasons[v.Destination] = v.String()
	}
	require.Equal(t, map[string]string{
		"Amplitude":      "Amplitude: allowed, the visitor granted every category of it (analytics)",
		"Facebook Pixel": "Facebook Pixel: allowed, the visitor granted every category of it (advertising)",
		"Mixpanel":       "Mixpanel: denied, the application turned it off for this message",
	}, reasons)
}

func TestWarehousesHaveTheirOwnShape(t *testing.T) {
	allowed := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Warehouses", "Amplitude"}}})
	for _, c := range []struct {
		caller analytics.Integrations
		want   any
	}{
		{nil, true},
		{analytics.Integrations{"Warehouses": object{"warehouseIds": []string{"w"}}}, object{"warehouseIds": []any{"w"}}},
		{analytics.Integrations{"Warehouses": false}, object{"all": false}},
		{analytics.Integrations{"all": false}, object{"all": false}},
	} {
		var next capture
		require.NoError(t, consent.New(&next, allowed, nil).With(acceptAll).
			Enqueue(analytics.Track{UserId: "u", Event: "Ordered", Integrations: c.caller}))
		require.Equal(t, c.want, next.only(t).Integrations["Warehouses"])
	}
}

func TestWarehousesDeniedInAnyCasingAreClosed(t *testing.T) {
	open := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, AllowUnlisted: true})
	for _, name := range []string{"Warehouses", "warehouses", "WAREHOUSES", "Snowflake", "snowflake"} {
		var next capture
		state := acceptAll.WithDestinations(map[string]bool{"Amplitude": true, name: false})
		require.NoError(t, consent.New(&next, open, nil).With(state).
			Enqueue(analytics.Track{UserId: "u", Event: "Ordered", Integrations: analytics.Integrations{"Warehouses": true}}))
		require.Equal(t, object{"all": false}, next.only(t).Integrations["Warehouses"], name)
	}
}

// The visitor denied a destination that the policy does not list, in a spelling that neither
// the policy nor Segment uses. The caller uses the right spelling.
func TestTheCallersSpellingOfADeniedNameIsClosed(t *testing.T) {
	open := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, AllowUnlisted: true})
	var next capture
	state := acceptAll.WithDestinations(map[string]bool{"Amplitude": true, "HOTJAR": false})
	require.NoError(t, consent.New(&next, open, nil).With(state).
		Enqueue(analytics.Track{UserId: "u", Event: "Ordered", Integrations: analytics.Integrations{"Hotjar": true, "Other": true}}))
	require.Equal(t, object{"HOTJAR": false, "Hotjar": false, "Other": true}, next.only(t).Integrations)
}

func TestWhatIntegrationsCannotStopKeepsTheMessageHome(t *testing.T) {
	for _, name := range []string{"Amazon S3", "AWS S3", "aws s3", "Google Cloud Storage", "Data Lakes", "Segment Data Lakes", "Engage", "Personas"} {
		p := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {name}}})
		var next capture
		var o outcomes
		client := consent.New(&next, p, &consent.Options{OnOutcome: o.hear})
		m := analytics.Track{UserId: "u", Event: "Ordered"}
		require.NoError(t, client.With(acceptAnalytics).Enqueue(m))
		require.Empty(t, next.events, name)
		require.Equal(t, consent.SuppressedUnstoppable, o.only(t).Reason)
		require.NoError(t, client.With(acceptAll).Enqueue(m))
		require.Len(t, next.events, 1, name)
	}
}

func TestADeniedWarehouseBesideOpenWarehouses(t *testing.T) {
	p := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Warehouses"}, "advertising": {"Snowflake"}}})
	var next capture
	require.NoError(t, consent.New(&next, p, nil).With(acceptAnalytics).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"}))
	require.Empty(t, next.events, "the integrations object cannot close one warehouse and leave the others")
}

func TestAliasLeavesOnlyWhenNothingIsDenied(t *testing.T) {
	for name, c := range map[string]struct {
		state consent.State
		sent  int
	}{
		"everything granted":             {acceptAll, 1},
		"a category denied":              {acceptAnalytics, 0},
		"an unlisted category denied":    {consent.NewState(map[string]bool{"analytics": true, "advertising": true, "other": false}), 0},
		"an unlisted destination denied": {acceptAll.WithDestinations(map[string]bool{"Amplitude": true, "Mixpanel": true, "Facebook Pixel": true, "Other": false}), 0},
		"a destination not answered":     {acceptAll.WithDestinations(map[string]bool{"Amplitude": true}), 0},
	} {
		t.Run(name, func(t *testing.T) {
			var next capture
			require.NoError(t, consent.New(&next, policy, nil).With(c.state).Enqueue(analytics.Alias{UserId: "u", PreviousId: "p"}))
			require.Len(t, next.events, c.sent)
		})
	}
}

func TestUpdateEventAlwaysLeavesForSegmentAlone(t *testing.T) {
	update := analytics.Track{
		UserId: "u", AnonymousId: "a", Event: consent.UpdateEvent, MessageId: "m", Timestamp: time.Unix(1, 0),
		Properties:   analytics.Properties{"email": "somebody@example.com"},
		Integrations: analytics.Integrations{"Amplitude": true, "All": true},
		Context:      &analytics.Context{IP: net.IPv4(192, 0, 2, 1), UserAgent: "ua", Extra: object{"providers": object{"Amplitude": true}}},
	}
	storage := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Amazon S3"}}, AllowUnlisted: true})
	for name, c := range map[string]struct {
		state  consent.State
		policy consent.Policy
		want   object
	}{
		"everything granted": {acceptAll, policy, object{"analytics": true, "advertising": true}},
		"everything denied":  {consent.NewState(map[string]bool{"analytics": false, "advertising": false}), policy, object{"analytics": false, "advertising": false}},
		"storage denied":     {acceptAnalytics, storage, object{"analytics": true, "advertising": false}},
		"nothing known here": {consent.NewState(map[string]bool{"other": true}), policy, object{"analytics": false, "advertising": false}},
	} {
		t.Run(name, func(t *testing.T) {
			var next capture
			var told consent.Decision
			o := &consent.Options{OnDecision: func(_ analytics.Message, d consent.Decision) { told = d }}
			require.NoError(t, consent.New(&next, c.policy, o).With(c.state).Enqueue(update))
			e := next.only(t)
			require.Equal(t, object{"All": false, "Warehouses": object{"all": false}}, e.Integrations)
			require.Equal(t, object{"consent": object{"categoryPreferences": c.want, "destinationPreferences": object{}}}, e.Context)
			require.Empty(t, e.Properties)
			require.Equal(t, []string{"u", "a"}, []string{e.UserID, e.AnonymousID})
			for v := range told.Verdicts() {
				require.False(t, v.Allowed)
			}
		})
	}
	for name, c := range map[string]struct {
		state  consent.State
		policy consent.Policy
	}{
		"no answer":                         {consent.NewState(nil), policy},
		"a State with destinations only":    {consent.NewState(nil).WithDestinations(map[string]bool{"Amplitude": true}), policy},
		"nobody looked":                     {consent.All(consent.Denied), policy},
		"a policy that names no category":   {acceptAll, decideFunc(func(consent.State) consent.Decision { return consent.NewDecision(nil, nil, true) })},
		"no policy":                         {acceptAll, nil},
		"granted throughout, but not asked": {consent.All(consent.Granted), policy},
	} {
		var next capture
		require.ErrorIs(t, consent.New(&next, c.policy, nil).With(c.state).Enqueue(update), consent.ErrNoPreferences, name)
		require.Empty(t, next.events)
	}
}

func TestContextKeysThatContradictAreRemoved(t *testing.T) {
	extra := object{
		"consent": object{"categoryPreferences": object{"advertising": true}}, "Consent": object{}, "CONSENT": 1,
		"providers": object{"Facebook Pixel": true}, "all": true, "All": true, "integrations": object{"Facebook Pixel": true},
		"traits2": "kept",
	}
	given := maps.Clone(extra)
	c := &analytics.Context{Locale: "de", Extra: extra}
	var next capture
	require.NoError(t, consent.New(&next, policy, nil).With(acceptAnalytics).
		Enqueue(analytics.Track{UserId: "u", Event: "Ordered", Context: c}))
	require.Equal(t, object{
		"locale": "de", "traits2": "kept",
		"consent": object{
			"categoryPreferences":    object{"analytics": true, "advertising": false},
			"destinationPreferences": object{},
		},
	}, next.only(t).Context)
	require.Equal(t, given, extra, "the caller's map is unchanged")
	require.Equal(t, "de", c.Locale)
}

func TestDestinationPreferencesNameTheConfigsOwn(t *testing.T) {
	state := acceptAll.WithDestinations(map[string]bool{"Amplitude": true, "MIXPANEL": false, "Mixpanel": true, "Other": true, "Another": false})
	var next capture
	require.NoError(t, consent.New(&next, policy, nil).With(state).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"}))
	require.Equal(t, object{"Amplitude": true, "Mixpanel": false}, next.only(t).Context["consent"].(object)["destinationPreferences"])
}

func TestClose(t *testing.T) {
	var next capture
	root := consent.New(&next, policy, nil)
	derived := root.With(acceptAll)
	require.NoError(t, derived.Close())
	require.NoError(t, root.For(context.Background()).With(acceptAll).Close())
	require.Zero(t, next.closed)
	require.NoError(t, root.Close())
	require.Equal(t, 1, next.closed)
	require.ErrorIs(t, root.Close(), analytics.ErrClosed)
	require.Equal(t, 1, next.closed)
	for _, c := range []*consent.Client{root, derived} {
		require.ErrorIs(t, c.Enqueue(analytics.Track{UserId: "u", Event: "Ordered"}), analytics.ErrClosed)
	}
	require.NoError(t, derived.Close())
}

// TestCallersReuseWhatTheyPass is for the race detector: analytics-go reads a message after
// Enqueue has returned, when the caller may already be changing it.
func TestCallersReuseWhatTheyPass(t *testing.T) {
	client, transport := segment(t, policy, nil)
	var wg sync.WaitGroup
	shared := &analytics.Context{Locale: "de", Extra: object{"a": 1}}
	sharedIntegrations := analytics.Integrations{"Amplitude": object{"session_id": 1}, "all": true}
	for i := range 8 {
		wg.Go(func() {
			own := &analytics.Context{Extra: object{}}
			integrations := analytics.NewIntegrations()
			m := &analytics.Track{UserId: "u", Event: "Ordered", Context: own, Integrations: integrations}
			for n := range 100 {
				own.Locale = fmt.Sprint(n)
				own.Extra["n"] = n
				integrations["Mixpanel"] = n%2 == 0
				m.Event = fmt.Sprint("Ordered ", i, n)
				require.NoError(t, client.With(acceptAll).Enqueue(m))
				require.NoError(t, client.With(acceptAnalytics).Enqueue(analytics.Page{UserId: "u", Context: shared, Integrations: sharedIntegrations}))
			}
		})
	}
	wg.Wait()
	require.NoError(t, client.Close())
	require.Len(t, transport.messages(t), 8*2*100)
	require.Equal(t, object{"a": 1}, shared.Extra)
	require.Len(t, sharedIntegrations, 2)
}

// TestEnqueueBesideClose is for the race detector too: every message is either
// sent or refused.
func TestEnqueueBesideClose(t *testing.T) {
	for range 20 {
		client, transport := segment(t, policy, nil)
		var wg sync.WaitGroup
		var mu sync.Mutex
		sent := 0
		start := make(chan struct{})
		for range 4 {
			wg.Go(func() {
				<-start
				for range 20 {
					err := client.With(acceptAll).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"})
					if err != nil {
						require.ErrorIs(t, err, analytics.ErrClosed)
						return
					}
					mu.Lock()
					sent++
					mu.Unlock()
				}
			})
		}
		wg.Go(func() {
			<-start
			require.NoError(t, client.Close())
		})
		close(start)
		wg.Wait()
		require.Len(t, transport.messages(t), sent)
	}
}

func TestClosingWaitsForNobodyWhoWaitsForIt(t *testing.T) {
	var client *consent.Client
	o := &consent.Options{OnDecision: func(analytics.Message, consent.Decision) { client.Close() }}
	client = consent.New(&capture{}, policy, o)
	err := client.With(acceptAll).Enqueue(analytics.Track{UserId: "u", Event: "Ordered"})
	require.ErrorIs(t, err, analytics.ErrClosed)
}

func TestADenialDecidesForEveryNameOfADestination(t *testing.T) {
	allowed := func(name, aliasOf string) consent.Verdict {
		return consent.Verdict{Destination: name, AliasOf: aliasOf, Allowed: true, Reason: consent.ReasonDestinationGranted, Cause: name}
	}
	denied := func(name, aliasOf string) consent.Verdict {
		return consent.Verdict{Destination: name, AliasOf: aliasOf, Reason: consent.ReasonDestinationDenied, Cause: "the visitor"}
	}
	for name, verdicts := range map[string][]consent.Verdict{
		"the alias is denied":            {allowed("New", ""), denied("Old", "New")},
		"the name is denied":             {denied("New", ""), allowed("Old", "New")},
		"another alias is denied":        {allowed("Old", "New"), denied("Older", "New")},
		"the alias by itself is denied":  {allowed("Old", "New"), denied("Old", "")},
		"the same name is denied":        {allowed("New", ""), denied("New", "")},
		"an alias of an alias is denied": {allowed("New", ""), allowed("Old", "New"), denied("Older", "Old")},
		"the alias has two names":        {allowed("New", ""), allowed("Old", "New"), denied("Old", "Other")},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				d := consent.NewDecision(map[string]bool{"a": true}, append(verdicts, allowed("Amplitude", "")), false)
				for v := range d.Verdicts() {
					if v.Destination == "Amplitude" {
						require.Equal(t, allowed("Amplitude", ""), v)
					} else {
						require.Equal(t, denied(v.Destination, v.AliasOf), v)
					}
				}
				slices.Reverse(verdicts)
			}
		})
	}
}

func TestDecisionOfOnesOwn(t *testing.T) {
	categories := map[string]bool{"a": true}
	verdicts := []consent.Verdict{
		{Destination: "All", Allowed: true}, {Destination: "segment.IO", Allowed: true}, {Allowed: true},
		{Destination: "Amplitude", Allowed: true, Reason: "because"},
		{Destination: "Mixpanel", Allowed: true},
		{Destination: "Mixpanel", Reason: consent.ReasonNoAnswer},
		{Destination: "Facebook Pixel", Allowed: true},
		{Destination: "Facebook", AliasOf: "Facebook Pixel", Reason: consent.ReasonDestinationDenied, Cause: "facebook"},
	}
	d := consent.NewDecision(categories, verdicts, false)
	categories["a"], verdicts[3].Allowed = false, false
	require.Equal(t, map[string]bool{"a": true}, maps.Collect(d.Categories()))
	require.Equal(t, []consent.Verdict{
		{Destination: "Amplitude", Allowed: true, Reason: "because"},
		{Destination: "Mixpanel", Reason: consent.ReasonNoAnswer},
		{Destination: "Mixpanel", Reason: consent.ReasonNoAnswer},
		{Destination: "Facebook Pixel", Reason: consent.ReasonDestinationDenied, Cause: "facebook"},
		{Destination: "Facebook", AliasOf: "Facebook Pixel", Reason: consent.ReasonDestinationDenied, Cause: "facebook"},
	}, slices.Collect(d.Verdicts()))
	require.True(t, d.Allows("Amplitude"))
	require.False(t, d.Allows("Mixpanel"))
	require.False(t, d.Allows("Other"))
	require.True(t, consent.NewDecision(nil, nil, true).Allows("Other"))
	require.False(t, consent.NewDecision(nil, nil, true).Allows("All"))

	var zero consent.Decision
	require.Empty(t, slices.Collect(zero.Verdicts()))
	require.Empty(t, maps.Collect(zero.Categories()))
	require.False(t, zero.Unlisted())
	require.False(t, zero.Allows("Amplitude"))
	_, suppressed := consent.AtSegment(zero)
	require.Equal(t, consent.SuppressedNothingAllowed, suppressed)
}

var alwaysWebhooks = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude"}},
	Always:     []string{"Webhooks"},
})

// A visitor can write anything into the cookie. Names beyond the limit of the visitor's own
// list are not allowed, and are not shown as granted either.
func TestForgedNamesAreNotShownAsGranted(t *testing.T) {
	forged := make(map[string]bool)
	for i := range 80 {
		forged[fmt.Sprintf("Forged %02d", i)] = true
	}
	var next capture
	s := consent.NewState(nil).WithDestinations(forged)
	require.NoError(t, consent.New(&next, destinations.MustCompile(destinations.Config{}), nil).With(s).
		Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	e := next.only(t)
	shown := e.Context["consent"].(map[string]any)["destinationPreferences"].(map[string]any)
	require.Len(t, shown, 64)
	require.NotContains(t, shown, "Forged 79")
	require.NotContains(t, e.Integrations, "Forged 79")
}
