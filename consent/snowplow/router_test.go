package snowplow_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
	"github.com/go-consent/segment/consent/snowplow"
	"github.com/go-consent/segment/destinations"
)

const (
	gdprSchema        = "iglu:com.snowplowanalytics.snowplow/gdpr/jsonschema/1-0-0"
	preferencesSchema = "iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0"
)

// Everybody whom the pipeline feeds gets every event: nothing in it stops that.
func TestRouterConforms(t *testing.T) {
	fed := []string{"Snowplow", "Braze", "Amplitude"}
	conformance.TestRouter(t, func() snowplow.Router {
		return snowplow.Router{Destinations: fed, GDPR: &snowplow.GDPR{WithoutAnswer: snowplow.Contract}, Preferences: told()}
	}, conformance.RouterExamples{
		Destinations: fed,
		Open:         func([]byte, string) bool { return true },
	})
}

func TestWhatADestinationOfThePipelineMayNotSeeStaysHome(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Destinations: []string{"Snowplow", "Amplitude", "Facebook Pixel"}})
	for name, c := range map[string]struct {
		fed   []string
		state consent.State
		own   analytics.Integrations
		sent  int
	}{
		"all of it granted":          {[]string{"Snowplow", "Amplitude"}, consenttest.Grant("analytics"), nil, 1},
		"one of it denied":           {[]string{"Snowplow", "Facebook Pixel"}, consenttest.Grant("analytics"), nil, 0},
		"nobody looked":              {[]string{"Snowplow"}, consent.State{}, nil, 0},
		"no answer":                  {[]string{"Snowplow"}, consent.NewState(nil), nil, 0},
		"a name the policy lacks":    {[]string{"Snowplow", "Braze"}, accept, nil, 0},
		"the application closes one": {[]string{"Snowplow", "Amplitude"}, accept, analytics.Integrations{"amplitude": false}, 0},
	} {
		pipeline.Reset()
		cl := client(t, pipeline, snowplow.Router{Destinations: c.fed}, policy, nil)
		require.NoError(t, cl.With(c.state).Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: c.own}), name)
		require.NoError(t, cl.Close())
		require.Len(t, pipeline.Inbox("Facebook Pixel"), c.sent, name)
	}
}

// A basis of consent is claimed for what the visitor granted alone.
func TestGDPREntity(t *testing.T) {
	policies := map[string]consent.Policy{
		"opt-in":  policy,
		"opt-out": destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Snowplow", "Amplitude"}}, OptOut: true}),
		"always":  destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Mixpanel"}}, Always: []string{"Snowplow", "Amplitude"}}),
	}
	full := snowplow.GDPR{WithoutAnswer: snowplow.LegitimateInterests, DocumentID: "privacy", DocumentVersion: "3", DocumentDescription: "d"}
	const document = `,"documentId":"privacy","documentVersion":"3","documentDescription":"d"}`
	for name, c := range map[string]struct {
		policy string
		gdpr   *snowplow.GDPR
		state  consent.State
		want   string
	}{
		"granted":                       {"opt-in", &full, accept, `{"basisForProcessing":"consent"` + document},
		"granted by name":               {"opt-in", &full, consent.NewState(nil).WithDestinations(map[string]bool{"Snowplow": true, "Amplitude": true}), `{"basisForProcessing":"consent"` + document},
		"another basis":                 {"opt-in", &snowplow.GDPR{Basis: snowplow.Contract}, accept, `{"basisForProcessing":"contract"}`},
		"opt-out, not asked":            {"opt-out", &full, consent.NewState(nil), `{"basisForProcessing":"legitimate_interests"` + document},
		"opt-out, granted":              {"opt-out", &full, consenttest.Grant("analytics"), `{"basisForProcessing":"consent"` + document},
		"strictly necessary":            {"always", &full, consenttest.Deny("analytics"), `{"basisForProcessing":"legitimate_interests"` + document},
		"strictly necessary, unclaimed": {"always", &snowplow.GDPR{}, accept, ``},
		"none":                          {"opt-in", nil, accept, ``},
	} {
		pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Validate: schemas(t)})
		cl := client(t, pipeline, snowplow.Router{Destinations: router.Destinations, GDPR: c.gdpr}, policies[c.policy], nil)
		// What the application has in the place of the mark is no claim.
		forged := &analytics.Context{Extra: map[string]any{"snowplow": map[string]any{"basis": "consent"}, "Snowplow": map[string]any{"basis": "consent"}}}
		require.NoError(t, cl.With(c.state).Enqueue(analytics.Track{UserId: "u", Event: "e", Context: forged}), name)
		require.NoError(t, cl.Close())
		event := pipeline.RequireEvents(t, 1)[0]
		entity := event.Entity(gdprSchema)
		require.Nil(t, event.Entity("iglu:com.segment/context/jsonschema/1-0-0"), name)
		if c.want == "" {
			require.Nil(t, entity, name)
		} else {
			require.JSONEq(t, c.want, string(entity), name)
		}
		pipeline.RequireNoFailures(t)
	}
}

func TestExemptEventsClaimNoConsent(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Validate: schemas(t)})
	cl := client(t, pipeline, snowplow.Router{Destinations: router.Destinations, GDPR: &snowplow.GDPR{}}, policy, nil)
	require.NoError(t, cl.Exempt("a count").Enqueue(analytics.Track{AnonymousId: "job", Event: "e"}))
	require.NoError(t, cl.Close())
	require.Nil(t, pipeline.RequireEvents(t, 1)[0].Entity(gdprSchema))
}

func told() *snowplow.Preferences {
	applies := true
	return &snowplow.Preferences{URL: "https://www.example.com/privacy", Version: "1.0", Domains: []string{"www.example.com"},
		Necessary: []string{"necessary"}, Applies: &applies}
}

func TestPreferenceEvent(t *testing.T) {
	for name, c := range map[string]struct {
		answer consent.State
		want   string
	}{
		"all":          {accept, `"allow_all","consentScopes":["necessary","ads","analytics"]`},
		"some":         {consenttest.Grant("analytics"), `"allow_selected","consentScopes":["necessary","analytics"]`},
		"none":         {consenttest.Deny("analytics", "ads"), `"deny_all","consentScopes":["necessary"]`},
		"everything":   {consent.All(consent.Granted), `"allow_all","consentScopes":["necessary","ads","analytics"]`},
		"denies all":   {consent.All(consent.Denied), `"deny_all","consentScopes":["necessary"]`},
		"a signal too": {accept.Restrict(consenttest.Deny("ads")), `"allow_selected","consentScopes":["necessary","analytics"]`},
	} {
		pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Validate: schemas(t)})
		var decisions []consent.Decision
		cl := client(t, pipeline, snowplow.Router{Destinations: router.Destinations, Preferences: told(), GDPR: &snowplow.GDPR{}}, policy, &consent.Options{
			OnDecision: func(_ analytics.Message, d consent.Decision) { decisions = append(decisions, d) },
		})
		require.NoError(t, cl.Tell(consent.Answer{State: c.answer, AnonymousID: "a", UserID: "u"}), name)
		require.NoError(t, cl.Close())
		e := pipeline.Events()[0]
		if e.Schema != preferencesSchema {
			e = pipeline.Events()[1] // the Identify was faster
		}
		require.Equal(t, []string{preferencesSchema, "u", "a"}, []string{e.Schema, e.UserID, e.DomainUser}, name)
		require.JSONEq(t, `{"eventType":`+c.want+`,"basisForProcessing":"consent","consentUrl":"https://www.example.com/privacy",
			"consentVersion":"1.0","domainsApplied":["www.example.com"],"gdprApplies":true}`, string(e.Data), name)
		require.Empty(t, e.Entities, name)
		pipeline.RequireNoFailures(t)
		for v := range decisions[0].Verdicts() {
			require.False(t, v.Allowed, "nobody but Snowplow is told")
			require.Equal(t, consent.ReasonUpdateRouted, v.Reason)
		}
	}
}

// Whoever denies everything is told of, with ids and preferences alone.
func TestPreferenceEventHasNothingElse(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Validate: schemas(t)})
	cl := client(t, pipeline, snowplow.Router{Destinations: router.Destinations, Preferences: told()}, policy, nil)
	require.NoError(t, cl.With(consenttest.Deny("analytics", "ads")).Enqueue(analytics.Track{
		UserId: "u", Event: consent.UpdateEvent, Properties: analytics.Properties{"secret": 1},
		Context: &analytics.Context{UserAgent: "secret", Extra: map[string]any{"secret": 1, "snowplow": map[string]any{"preferences": map[string]any{"eventType": "allow_all"}}}},
	}))
	require.NoError(t, cl.Close())
	e := pipeline.RequireEvents(t, 1)[0]
	require.Contains(t, string(e.Data), `"deny_all"`)
	text, err := json.Marshal(e.Fields)
	require.NoError(t, err)
	require.NotContains(t, string(text)+string(e.Data), "secret")
	require.Empty(t, e.Entities)
}

func TestWithoutPreferencesTheUpdateIsSuppressed(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{})
	var reason consent.Reason
	cl := client(t, pipeline, router, policy, &consent.Options{OnOutcome: func(_ analytics.Message, o consent.Outcome) { reason = o.Reason }})
	require.NoError(t, cl.With(accept).Enqueue(analytics.Track{UserId: "u", Event: consent.UpdateEvent}))
	require.NoError(t, cl.Close())
	require.Equal(t, consent.SuppressedUpdate, reason)
	pipeline.RequireEvents(t, 0)
}

func TestConfigIsChecked(t *testing.T) {
	good := snowplow.Config{Collector: "https://c.example"}
	for name, c := range map[string]struct {
		change func(*snowplow.Config, *snowplow.Router, *consent.Options)
		want   string
	}{
		"no collector": {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) { c.Collector = "" }, "the Collector"},
		"a path":       {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) { c.Collector += "/x" }, "the Collector"},
		"a query":      {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) { c.Collector += "?x" }, "the Collector"},
		"a user": {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) {
			c.Collector = "https://u:p@c.example"
		}, "the Collector"},
		"no scheme": {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) { c.Collector = "c.example" }, "the Collector"},
		"app id":    {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) { c.AppID = strings.Repeat("x", 256) }, "AppID"},
		"schema": {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) {
			c.Schemas = map[string]string{"e": "e"}
		}, `the schema of "e"`},
		"schema of the update": {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) {
			c.Schemas = map[string]string{consent.UpdateEvent: "iglu:a/b/jsonschema/1-0-0"}
		}, "the update"},
		"negative":        {func(c *snowplow.Config, _ *snowplow.Router, _ *consent.Options) { c.MaxPending = -1 }, "negative"},
		"no destinations": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) { r.Destinations = nil }, "Destinations"},
		"router twice":    {func(_ *snowplow.Config, _ *snowplow.Router, o *consent.Options) { o.Router = consent.Gate{} }, "Router of their own"},
		"basis":           {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) { r.GDPR = &snowplow.GDPR{Basis: "x"} }, "Basis"},
		"consent without": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) {
			r.GDPR = &snowplow.GDPR{WithoutAnswer: snowplow.Consent}
		}, "consent is no basis"},
		"document": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) {
			r.GDPR = &snowplow.GDPR{DocumentVersion: strings.Repeat("x", 17)}
		}, "document"},
		"preferences: nothing": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) {
			*r.Preferences = snowplow.Preferences{}
		}, "not absolute"},
		"preferences: version": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) {
			r.Preferences.Version = strings.Repeat("x", 17)
		}, "Version"},
		"preferences: domains": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) { r.Preferences.Domains = nil }, "Domains"},
		"preferences: necessary": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) {
			r.Preferences.Necessary = []string{""}
		}, "Necessary"},
		"preferences: a category": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) {
			r.Preferences.Necessary = []string{"ads"}
		}, "granted always"},
		"preferences: basis": {func(_ *snowplow.Config, r *snowplow.Router, _ *consent.Options) { r.Preferences.Basis = "x" }, "Basis"},
	} {
		t.Run(name, func(t *testing.T) {
			config, r, o := good, router, consent.Options{}
			r.Preferences = told()
			c.change(&config, &r, &o)
			_, err := snowplow.New(config, r, policy, &o)
			require.ErrorIs(t, err, consent.ErrConfig)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := snowplow.New(snowplow.Config{}, snowplow.Router{}, nil, nil)
	require.ErrorContains(t, err, "the policy is nil")
	require.ErrorContains(t, err, "the Collector", "every mistake is told")
	cl, err := snowplow.New(good, router, policy, nil)
	require.NoError(t, err)
	require.NoError(t, cl.Close())
}
