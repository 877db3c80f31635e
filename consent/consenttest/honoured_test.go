package consenttest_test

import (
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/failtest"
)

var declared = consenttest.Answers{
	"yes":     consenttest.Grant("analytics", "advertising"),
	"no":      consenttest.Deny("analytics", "advertising"),
	"partly":  consenttest.Grant("analytics"),
	"company": consenttest.Deny("advertising"),
}

func TestRequireHonouredHoldsOfWhatEverybodyAllowed(t *testing.T) {
	var recorder consenttest.Recorder
	client := watched(&recorder)
	for user, state := range declared {
		enqueue(t, client.With(state),
			order(user), analytics.Page{AnonymousId: user, Name: "Home"}, analytics.Identify{UserId: user, AnonymousId: user},
			analytics.Group{UserId: user, GroupId: "not declared"}, analytics.Alias{UserId: user, PreviousId: user})
		require.NoError(t, client.Tell(consent.Answer{State: state, UserID: user}))
		require.NoError(t, client.Tell(consent.Answer{State: state})) // has an id of its own
	}
	// Reaching less than is allowed is honoured too, if there was an answer.
	enqueue(t, client.With(consenttest.Grant("analytics")), order("yes"))
	consenttest.RequireHonoured(t, &recorder, policy, declared)
	require.NotEmpty(t, recorder.Sent())
	require.Equal(t, recorder.Events()[0].JSON, recorder.Sent()[0])
}

// always has a destination that is open whatever the answer.
var always = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude"}}, Always: []string{"Webhooks"},
})

var beyond = map[string]struct {
	policy  consent.Policy
	state   consent.State // that the client was bound to
	message analytics.Message
	says    []string
}{
	"somebody else's grant": {policy, declared["yes"], order("no"), []string{
		`track "Ordered" by no went beyond the answer of no:`,
		`it reached Amplitude ("Amplitude": true), which is denied, the visitor denied a category (analytics)`,
		`its consent object says that "analytics" is granted`, "cure: bind the client to the answer of no",
		"sent at enqueue (require_test.go:",
	}},
	"a part of it":          {policy, declared["yes"], order("partly"), []string{"it reached Facebook Pixel"}},
	"an anonymous id":       {policy, declared["yes"], analytics.Page{UserId: "yes", AnonymousId: "no"}, []string{"beyond the answer of no", "the message is about yes and no"}},
	"a previous id":         {policy, declared["yes"], analytics.Alias{UserId: "yes", PreviousId: "partly"}, []string{"beyond the answer of partly", string(consent.SuppressedAlias)}},
	"a group with an entry": {policy, declared["yes"], analytics.Group{UserId: "yes", GroupId: "company"}, []string{"beyond the answer of company"}},
	"nobody known":          {policy, declared["yes"], order("who"), []string{`is about who, whose answer is not declared`, "cure: declare it"}},
	"nobody known, suppressed": {policy, declared["no"], order("who"), []string{
		`is about who, whose answer is not declared`}},
	"no answer at all":          {policy, consent.State{}, order("partly"), []string{"decided without an answer, and lost to Amplitude, which partly allows", "cure: where there is a request"}},
	"an answer never asked":     {policy, consent.NewState(nil), order("yes"), []string{"decided without an answer"}},
	"without an answer, beside": {always, consent.State{}, order("yes"), []string{"decided without an answer, and lost to Amplitude"}},
}

func TestRequireHonouredFails(t *testing.T) {
	for name, test := range beyond {
		t.Run(name, func(t *testing.T) {
			var recorder consenttest.Recorder
			enqueue(t, consent.New(&recorder, test.policy, nil).With(test.state), test.message)
			failure := failtest.One(t, func(tb testing.TB) { consenttest.RequireHonoured(tb, &recorder, test.policy, declared) })
			for _, says := range test.says {
				require.Contains(t, failure, says)
			}
		})
	}
}

func TestRequireHonouredLooksAtTheWire(t *testing.T) {
	consented := func(granted bool) *analytics.Context {
		return &analytics.Context{Extra: map[string]any{"consent": map[string]any{
			"categoryPreferences": map[string]bool{"analytics": granted, "advertising": granted}}}}
	}
	closed := integrations{"All": false, "Warehouses": map[string]any{"all": false}}
	providers := consented(false)
	providers.Extra["providers"] = map[string]bool{"Amplitude": true}
	for name, test := range map[string]struct {
		message analytics.Track
		says    []string
	}{
		"nothing is closed": {analytics.Track{Context: consented(false)}, []string{
			"it reached every destination that the policy does not name (no entry in integrations)",
			"it reached Warehouses", "let nothing change the integrations"}},
		"no consent object":        {analytics.Track{Integrations: closed}, []string{"it has no consent object", "cure: send it with client.For"}},
		"a name of nobody's":       {analytics.Track{Context: consented(false), Integrations: integrations{"All": false, "Warehouses": false, "Hotjar": true}}, []string{"it reached Hotjar"}},
		"consent that was widened": {analytics.Track{Context: consented(true), Integrations: closed}, []string{`says that "advertising" is granted`}},
		"left and closed":          {analytics.Track{Context: consented(false), Integrations: closed}, []string{"it left, and is to be suppressed: no destination may see it"}},
		"an old key":               {analytics.Track{Context: providers, Integrations: closed}, []string{`its context has "providers"`, "cure: take that out of the DefaultContext"}},
	} {
		t.Run(name, func(t *testing.T) {
			test.message.UserId, test.message.Event = "no", "Ordered"
			recorder := record(t, test.message)
			failure := failtest.One(t, func(tb testing.TB) { consenttest.RequireHonoured(tb, recorder, policy, declared) })
			for _, says := range test.says {
				require.Contains(t, failure, says)
			}
		})
	}
}

func TestRequireHonouredRefusesToProveNothing(t *testing.T) {
	require.Contains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.RequireHonoured(tb, new(consenttest.Recorder), policy, declared)
	}), "no message was tracked, which proves nothing")
	require.Contains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.RequireHonoured(tb, new(consenttest.Recorder), nil, declared)
	}), "there is no policy")
	segment := segmenttest.New(t, segmenttest.Workspace{})
	require.Contains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.RequireHonoured(tb, segment, policy, declared)
	}), "nothing was sent, which proves nothing")
}

func TestRequireHonouredOfIdsThatTheApplicationMakesUp(t *testing.T) {
	var recorder consenttest.Recorder
	enqueue(t, watched(&recorder).With(declared["yes"]), analytics.Page{AnonymousId: "made-up"})
	consenttest.RequireHonoured(t, &recorder, policy, consenttest.Answers{"": declared["yes"]})
	require.Contains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.RequireHonoured(tb, &recorder, policy, consenttest.Answers{"": declared["partly"]})
	}), "beyond the answer of made-up")
}

func TestRequireHonouredLooksAtAFakeSegment(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	client, err := consent.NewSegment(segment.WriteKey(), segment.Config(), policy, nil)
	require.NoError(t, err)
	enqueue(t, client.With(declared["yes"]), order("yes"), order("partly"))
	require.NoError(t, client.Close())
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireHonoured(tb, segment, policy, declared) }),
		"beyond the answer of partly:\n\tit reached Facebook Pixel")
	declared := consenttest.Answers{"yes": declared["yes"], "partly": declared["yes"]}
	consenttest.RequireHonoured(t, segment, policy, declared)
}

func TestRequireHonouredTakesTheClaimsOfTheApplication(t *testing.T) {
	var recorder consenttest.Recorder
	client := watched(&recorder)
	enqueue(t, client.With(declared["no"]).Necessary("fraud check", "Amplitude"), order("no"))
	enqueue(t, client.Exempt("clusters"), analytics.Track{AnonymousId: "cluster 1", Event: "Scaled"})
	consenttest.RequireHonoured(t, &recorder, policy, declared)

	// It covers that destination and that message alone.
	enqueue(t, client.With(declared["yes"]), analytics.Track{UserId: "no", Event: "Other"})
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireHonoured(tb, &recorder, policy, declared) }),
		`track "Other" by no went beyond the answer of no`)
	recorder.Reset()
	enqueue(t, client.With(declared["partly"]).Necessary("fraud check", "Mixpanel"), order("no"))
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireHonoured(tb, &recorder, policy, declared) }),
		"beyond the answer of no:\n\tit reached Amplitude")
}
