package destinations

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

var site = Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Braze"},
		"advertising": {"Facebook Pixel", "Braze"},
		"functional":  nil,
	},
	Always:  []string{"Webhooks"},
	Aliases: map[string][]string{"Amplitude": {"Actions Amplitude", "Amplitude (Actions)"}},
}

func with(change func(*Config)) Config {
	c := site
	change(&c)
	return c
}

func answer(categories, destinations map[string]bool) consent.State {
	return consent.NewState(categories).WithDestinations(destinations)
}

type m = map[string]bool

func TestRules(t *testing.T) {
	all := m{"analytics": true, "advertising": true, "functional": true}
	optOut := with(func(c *Config) { c.OptOut = true })
	imply := with(func(c *Config) { c.Imply = true })
	serverOnly := with(func(c *Config) { c.ServerOnly = []string{"Amplitude"} })
	unlisted := with(func(c *Config) { c.AllowUnlisted = true })

	for _, c := range []struct {
		rule        string
		config      Config
		state       consent.State
		destination string
		allowed     bool
		reason      consent.Reason
		cause       string
	}{
		{"1 always", site, consent.All(consent.Denied), "Webhooks", true, consent.ReasonAlways, ""},
		{"1 always, denied by name", site, answer(nil, m{"Webhooks": false}), "Webhooks", true, consent.ReasonAlways, ""},

		{"2 denied by name", site, answer(all, m{"Amplitude": false}), "Amplitude", false, consent.ReasonDestinationDenied, "Amplitude"},
		{"2 denied in another casing", site, answer(all, m{"AMPLITUDE": false, "Amplitude": true}), "Amplitude", false, consent.ReasonDestinationDenied, "AMPLITUDE"},
		{"2 denied by an alias", site, answer(all, m{"Amplitude": true, "actions amplitude": false}), "Amplitude", false, consent.ReasonDestinationDenied, "actions amplitude"},
		{"2 an alias goes with its destination", site, answer(all, m{"Amplitude": false}), "Amplitude (Actions)", false, consent.ReasonDestinationDenied, "Amplitude"},
		{"2 one of several categories denied", site, consent.NewState(m{"analytics": true, "advertising": false}), "Braze", false, consent.ReasonCategoryDenied, "advertising"},
		{"2 a category denied in another casing", site, consent.NewState(m{"analytics": true, "Analytics": false}), "Amplitude", false, consent.ReasonCategoryDenied, "Analytics"},
		{"2 a grant by name undoes no category", site, answer(m{"analytics": false}, m{"Amplitude": true}), "Amplitude", false, consent.ReasonCategoryDenied, "analytics"},
		{"2 nothing read", site, consent.All(consent.Denied), "Amplitude", false, consent.ReasonNothingRead, ""},
		{"2 nothing read, opt-out", optOut, consent.All(consent.Denied), "Amplitude", false, consent.ReasonNothingRead, ""},
		{"2 a denied rest", site, consent.NewState(all).Or(consent.All(consent.Denied)), "Amplitude", false, consent.ReasonRestDenied, ""},
		{"2 a denied rest, and a category", site, consent.NewState(m{"analytics": false}).Or(consent.All(consent.Denied)), "Amplitude", false, consent.ReasonRestDenied, ""},
		{"2 a denied rest, and the mark", site, consent.NewState(nil).WithDestinations(m{}).Or(consent.All(consent.Denied)), "Amplitude", false, consent.ReasonRestDenied, ""},
		{"2 a denied rest, and a presumed grant", site, consent.NewState(m{"functional": true}).Presume().Or(consent.All(consent.Denied)), "Amplitude", false, consent.ReasonNothingRead, ""},

		{"3 not in the Config", site, consent.NewState(all), "Other", false, "", ""},
		{"3 not in the Config, granted by name", site, answer(all, m{"Other": true}), "Other", false, "", ""},
		{"3 AllowUnlisted", unlisted, consent.NewState(nil), "Other", true, "", ""},
		{"3 AllowUnlisted, denied by name", unlisted, answer(nil, m{"Other": false}), "Other", false, consent.ReasonUnlistedDenied, "Other"},
		{"3 AllowUnlisted, granted and denied in two casings", unlisted, answer(nil, m{"Other": true, "OTHER": false}), "Other", false, consent.ReasonUnlistedDenied, "OTHER"},
		{"3 AllowUnlisted, nothing read", unlisted, consent.All(consent.Denied), "Other", false, "", ""},
		{"3 AllowUnlisted, every category denied", unlisted, consent.NewState(m{"analytics": false, "ADVERTISING": false, "functional": false}), "Other", false, "", ""},
		{"3 AllowUnlisted opens no reserved name", unlisted, answer(all, m{"All": true}), "All", false, "", ""},

		{"4 asked by destination, but not this one", site, answer(all, m{"Facebook Pixel": true}), "Amplitude", false, consent.ReasonNotOffered, ""},
		{"4 nor under opt-out", optOut, answer(nil, m{}), "Amplitude", false, consent.ReasonNotOffered, ""},
		{"4 an alias is an answer", site, answer(all, m{"Actions Amplitude": true}), "Amplitude", true, consent.ReasonCategoriesGranted, "analytics"},
		{"4 a near-name is none", site, answer(all, m{"amplitude": true}), "Amplitude", false, consent.ReasonNotOffered, ""},
		{"4 Imply", imply, answer(all, m{}), "Amplitude", true, consent.ReasonCategoriesGranted, "analytics"},
		{"4 ServerOnly", serverOnly, answer(all, m{}), "Amplitude", true, consent.ReasonCategoriesGranted, "analytics"},
		{"4 ServerOnly covers only its own", serverOnly, answer(all, m{}), "Braze", false, consent.ReasonNotOffered, ""},

		{"5 every category granted", site, consent.NewState(all), "Braze", true, consent.ReasonCategoriesGranted, "advertising"},
		{"5 one category unanswered", site, consent.NewState(m{"analytics": true}), "Braze", false, consent.ReasonNoAnswer, ""},
		{"5 a grant in another casing", site, consent.NewState(m{"Analytics": true}), "Amplitude", false, consent.ReasonNoAnswer, ""},
		{"5 a granted rest", site, consent.All(consent.Granted), "Braze", true, consent.ReasonPresumed, ""},

		{"6 granted by name", site, answer(nil, m{"Amplitude": true}), "Amplitude", true, consent.ReasonDestinationGranted, "Amplitude"},
		{"6 granted by an alias", site, answer(nil, m{"Amplitude (Actions)": true}), "Amplitude", true, consent.ReasonDestinationGranted, "Amplitude (Actions)"},

		{"7 no answer, opt-in", site, consent.NewState(nil), "Amplitude", false, consent.ReasonNoAnswer, ""},
		{"7 no answer, opt-out", optOut, consent.NewState(nil), "Amplitude", true, consent.ReasonOptOut, ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			d := MustCompile(c.config).Decide(c.state)
			require.Equal(t, c.allowed, d.Allows(c.destination))
			for v := range d.Verdicts() {
				if v.Destination == c.destination {
					require.Equal(t, c.allowed, v.Allowed)
					require.Equal(t, c.reason, v.Reason)
					require.Equal(t, c.cause, v.Cause)
					return
				}
			}
			require.Empty(t, c.reason, "there is no verdict to give a reason")
		})
	}
}

func TestReservedNamesInACookieOpenAndCloseNothing(t *testing.T) {
	for _, name := range []string{"All", "all", "ALL", "Segment.io", "segment.IO"} {
		zero := MustCompile(Config{}).Decide(answer(nil, m{name: true}))
		require.Empty(t, slices.Collect(zero.Verdicts()))
		require.NotEmpty(t, suppressed(zero))

		d := MustCompile(site).Decide(answer(m{"analytics": true}, m{name: false, "Amplitude": true}))
		require.True(t, d.Allows("Amplitude"))
	}
}

func TestAConfigWithoutNamesGoesByTheVisitorsList(t *testing.T) {
	p := MustCompile(Config{})
	d := p.Decide(answer(m{"functional": true}, m{"Amplitude": true, "Hotjar": false, "HOTJAR": true}))
	require.Equal(t, []string{
		"Amplitude: allowed, the visitor granted it by name (Amplitude)",
		"HOTJAR: denied, the visitor denied it by name (Hotjar)",
		"Hotjar: denied, the visitor denied it by name (Hotjar)",
	}, lines(d))
	require.Equal(t, m{"advertising": false, "functional": true, "marketingAndAnalytics": false}, maps.Collect(d.Categories()))
	require.False(t, d.Allows("Other"))

	none := m{"advertising": false, "functional": false, "marketingAndAnalytics": false}
	require.NotEmpty(t, suppressed(p.Decide(answer(none, m{"Amplitude": true}))))
	require.NotEmpty(t, suppressed(p.Decide(consent.All(consent.Granted))), "no name is granted")
	require.NotEmpty(t, suppressed(p.Decide(consent.All(consent.Denied).WithDestinations(m{"Amplitude": true}))))
}

func lines(d consent.Decision) (all []string) {
	for v := range d.Verdicts() {
		all = append(all, v.String())
	}
	return all
}

func TestTheVisitorsListIsBounded(t *testing.T) {
	allowed := func(own m) (n int) {
		for v := range MustCompile(Config{}).Decide(answer(nil, own)).Verdicts() {
			if v.Allowed {
				n++
			} else {
				require.Equal(t, consent.ReasonTooMany, v.Reason)
			}
		}
		return n
	}
	many := m{}
	for i := range 10_000 {
		many[fmt.Sprintf("%05d", i)] = true
	}
	require.Equal(t, 64, allowed(many))

	require.Equal(t, 1, allowed(m{strings.Repeat("a", 100): true, strings.Repeat("a", 101): true}))

	long := m{}
	for i := range 64 {
		long[fmt.Sprintf("%02d%s", i, strings.Repeat("a", 90))] = true
	}
	require.Equal(t, (4096-2)/len(`"`+"00"+strings.Repeat("a", 90)+`":false,`), allowed(long))

	open := MustCompile(Config{AllowUnlisted: true})
	require.True(t, open.Decide(answer(nil, m{"a": false})).Unlisted())
	for name := range many {
		many[name] = false
	}
	require.False(t, open.Decide(answer(nil, many)).Unlisted(), "denials that do not fit close everything")
}

func TestPreferencesNameEveryCategory(t *testing.T) {
	for _, c := range []struct {
		config Config
		state  consent.State
		want   m
	}{
		{site, consent.NewState(nil), m{"analytics": false, "advertising": false, "functional": false}},
		{site, consent.NewState(m{"analytics": true, "other": true}), m{"analytics": true, "advertising": false, "functional": false}},
		{site, consent.NewState(m{"analytics": true, "ANALYTICS": false}), m{"analytics": false, "advertising": false, "functional": false}},
		{site, consent.All(consent.Granted), m{"analytics": true, "advertising": true, "functional": true}},
		{with(func(c *Config) { c.OptOut = true }), consent.NewState(m{"analytics": false}), m{"analytics": false, "advertising": true, "functional": true}},
		{with(func(c *Config) { c.OptOut = true }), consent.All(consent.Denied), m{"analytics": false, "advertising": false, "functional": false}},
		{Config{Always: []string{"Webhooks"}}, consent.NewState(nil), m{"advertising": false, "functional": false, "marketingAndAnalytics": false}},
	} {
		require.Equal(t, c.want, maps.Collect(MustCompile(c.config).Decide(c.state).Categories()))
	}
}

// For a visitor who was asked by destination, or denied one by name, a category that the answer
// leaves out is shown as its destinations are decided.
func TestUnansweredCategoriesOfTheConsentObject(t *testing.T) {
	optOut := with(func(c *Config) { c.OptOut = true })
	everything := m{"Amplitude": true, "Braze": true, "Facebook Pixel": true}
	closed := func(name string) m {
		answers := maps.Clone(everything)
		answers[name] = false
		return answers
	}
	for _, c := range []struct {
		rule   string
		config Config
		state  consent.State
		want   m
	}{
		{"every destination of it granted by name", site, answer(nil, everything), m{"analytics": true, "advertising": true, "functional": false}},
		{"a destination denied by name, opt-out", optOut, consent.NewState(nil).WithDestinations(closed("Amplitude")), m{"analytics": false, "advertising": true, "functional": false}},
		{"a destination not asked about", optOut, consent.NewState(nil).WithDestinations(m{"Facebook Pixel": true, "Braze": true}), m{"analytics": false, "advertising": true, "functional": false}},
		{"a denial without having been asked by destination", optOut, consent.NewState(nil).WithDestinations(m{"amplitude": false}).Denials(), m{"analytics": false, "advertising": true, "functional": true}},
		{"nothing by name", optOut, consent.NewState(m{"advertising": false}), m{"analytics": true, "advertising": false, "functional": true}},
		{"an answer for it counts", site, answer(m{"functional": true, "analytics": true}, closed("Amplitude")), m{"analytics": true, "advertising": true, "functional": true}},
		{"granted by a Default", site, consent.NewState(m{"analytics": true}).Presume(), m{"analytics": true, "advertising": false, "functional": false}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			require.Equal(t, c.want, maps.Collect(MustCompile(c.config).Decide(c.state).Categories()))
		})
	}
}

// One of Segment's own names ends in a space.
func TestWhiteSpaceOpensNothing(t *testing.T) {
	const name = "StackAdapt Events & Conversions "
	p := MustCompile(Config{Categories: map[string][]string{"advertising": {name}}, Imply: true})
	for denied, want := range map[string]bool{
		name: false, strings.TrimSpace(name): false, "stackadapt events&conversions": false, "StackAdapt\u00a0Events & Conversions": false, "StackAdapt": true,
	} {
		require.Equal(t, want, p.Decide(answer(m{"advertising": true}, m{denied: false})).Allows(name), denied)
	}
	require.False(t, p.Decide(answer(nil, m{strings.TrimSpace(name): true})).Allows(name), "a grant matches exactly")
	for _, c := range []Config{
		{Always: []string{" "}}, {Always: []string{"A ll"}}, {Always: []string{" segment.io"}},
		{Categories: map[string][]string{"\t": {"Amplitude"}}},
	} {
		_, err := Compile(c)
		require.ErrorIs(t, err, ErrConfig, "%v", c)
	}
}

// No reason says that a visitor granted what nobody asked for.
func TestReasonsOfWhatNobodyAsked(t *testing.T) {
	p := MustCompile(Config{Categories: map[string][]string{"analytics": {"Amplitude", "Braze"}, "advertising": {"Braze", "Facebook Pixel"}}})
	own := MustCompile(Config{})
	for _, c := range []struct {
		policy      *Policy
		state       consent.State
		destination string
		want        consent.Reason
	}{
		{p, consent.All(consent.Granted), "Amplitude", consent.ReasonPresumed},
		{p, consent.All(consent.Granted).Presume(), "Amplitude", consent.ReasonPresumed},
		{p, consent.NewState(m{"analytics": true}).Presume(), "Amplitude", consent.ReasonPresumed},
		{p, consent.NewState(m{"analytics": true}).Or(consent.All(consent.Granted).Presume()), "Amplitude", consent.ReasonCategoriesGranted},
		{p, consent.NewState(m{"analytics": true}).Or(consent.All(consent.Granted).Presume()), "Braze", consent.ReasonPresumed},
		{p, answer(nil, m{"Amplitude": true}).Presume(), "Amplitude", consent.ReasonPresumed},
		{p, answer(nil, m{"Amplitude": true}), "Amplitude", consent.ReasonDestinationGranted},
		{own, answer(nil, m{"Amplitude": true}).Presume(), "Amplitude", consent.ReasonPresumed},
		{own, answer(nil, m{"Amplitude": true}), "Amplitude", consent.ReasonDestinationGranted},
	} {
		for v := range c.policy.Decide(c.state).Verdicts() {
			if v.Destination == c.destination {
				require.True(t, v.Allowed)
				require.Equal(t, c.want, v.Reason, "%s under %s", v.Destination, c.state)
			}
		}
	}
}

func TestExplainTellsWhatTheConsentObjectCloses(t *testing.T) {
	p := MustCompile(Config{Categories: map[string][]string{"analytics": {"Amplitude", "Braze"}}})
	warnings := p.Explain(consent.NewState(nil).WithDestinations(m{"Amplitude": true, "Braze": false})).Warnings
	require.Equal(t, []string{`destination "Amplitude" is allowed, and its category "analytics" is false in the consent object: a workspace that enforces consent does not deliver to it`}, warnings)
	require.Empty(t, p.Explain(answer(nil, m{"Amplitude": true, "Braze": true})).Warnings)

	always := MustCompile(Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, Always: []string{"Webhooks"}})
	warnings = always.Explain(answer(m{"analytics": true}, m{})).Warnings
	require.Equal(t, []string{"the answer is by destination and names none: the Consent Manager loads nothing for it, whatever its categories say"}, warnings)
}

func TestCompileReportsEveryMistake(t *testing.T) {
	p, err := Compile(Config{
		Categories: map[string][]string{
			"":            {"Amplitude"},
			"\xff":        nil,
			"analytics":   {"", "All", "segment.IO", "Webhooks", "bad \xff"},
			"advertising": {"Webhooks"},
		},
		Always:     []string{"Webhooks", "ALL", ""},
		ServerOnly: []string{"all"},
		Aliases: map[string][]string{
			"Amplitude": {"Mixpanel", "Shared", "", "aLL", "Shared"},
			"Mixpanel":  {"Shared"},
		},
	})
	require.Nil(t, p)
	require.ErrorIs(t, err, ErrConfig)
	mistakes := err.(interface{ Unwrap() []error }).Unwrap()
	for _, mistake := range mistakes {
		require.ErrorIs(t, mistake, ErrConfig)
	}
	for _, want := range []string{
		"a category with an empty name",
		`category "\xff" is not UTF-8`,
		`an empty name in category "analytics"`,
		`"All" in category "analytics" is a key of Segment's own`,
		`"segment.IO" in category "analytics"`,
		`"bad \xff" in category "analytics" is not UTF-8`,
		`destination "Webhooks" is in Always and in category "advertising"`,
		`"ALL" in Always`,
		`"all" in ServerOnly`,
		`alias "Mixpanel" of "Amplitude" is a destination of its own`,
		`an empty name in the aliases of "Amplitude"`,
		`"aLL" in the aliases of "Amplitude"`,
		`"Shared" is an alias of both "Amplitude" and "Mixpanel"`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.PanicsWithError(t, err.Error(), func() {
		MustCompile(Config{
			Categories: map[string][]string{"": {"Amplitude"}, "\xff": nil, "analytics": {"", "All", "segment.IO", "Webhooks", "bad \xff"}, "advertising": {"Webhooks"}},
			Always:     []string{"Webhooks", "ALL", ""}, ServerOnly: []string{"all"},
			Aliases: map[string][]string{"Amplitude": {"Mixpanel", "Shared", "", "aLL", "Shared"}, "Mixpanel": {"Shared"}},
		})
	})
}

func TestCompileAcceptsWhatOtherPlatformsUse(t *testing.T) {
	_, err := Compile(Config{Categories: map[string][]string{
		"0_73737": {"FullStory"}, "C0004": {"Fullstory"}, strings.Repeat("long", 20): {"Amplitude", "Amplitude"}, "日本": {"StackAdapt "},
	}})
	require.NoError(t, err)
}

func TestCompileCopiesTheConfig(t *testing.T) {
	c := Config{
		Categories: map[string][]string{"analytics": {"Amplitude"}},
		Aliases:    map[string][]string{"Amplitude": {"b", "a"}},
	}
	p := MustCompile(c)
	require.Equal(t, []string{"b", "a"}, c.Aliases["Amplitude"], "and does not sort it")
	c.Categories["analytics"][0], c.Aliases["Amplitude"][0] = "Other", "c"
	delete(c.Categories, "analytics")
	d := p.Decide(consent.NewState(m{"analytics": true}))
	require.True(t, d.Allows("Amplitude"))
	require.True(t, d.Allows("b"))
	require.False(t, d.Allows("Other"))
}

func TestPolicyIsSafeForConcurrentUse(t *testing.T) {
	p := MustCompile(site)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				if p.Decide(consent.NewState(m{"analytics": i%2 == 0})).Allows("Amplitude") != (i%2 == 0) {
					t.Error("a decision of another visitor")
				}
			}
		})
	}
	wg.Wait()
}

func TestNilPolicyAllowsNothing(t *testing.T) {
	var p *Policy
	require.NotEmpty(t, suppressed(p.Decide(consent.All(consent.Granted))))
	require.NotEmpty(t, p.Explain(consent.All(consent.Granted)).Suppressed)
}

func TestExplain(t *testing.T) {
	p := MustCompile(Config{
		Categories: map[string][]string{
			"analytics": {"Amplitude", "Snowflake"}, "1st": nil, strings.Repeat("x", 35): nil, strings.Repeat("y", 34): nil,
		},
		Aliases:    map[string][]string{"Amplitude": {"Actions Amplitude"}},
		ServerOnly: []string{"Webhooks"},
	})
	e := p.Explain(answer(m{"Analytics": false, "other": true}, m{"Amplitude": true, "AMPLITUDE": true, "Hotjar": true}))
	require.Equal(t, `Amplitude: denied, the visitor denied a category (Analytics)
Snowflake: denied, the visitor denied a category (Analytics)
Webhooks: denied, no answer, and the policy is opt-in
any other destination: denied, the policy does not list it
every message is suppressed: no destination may see it
category 1st: false
category analytics: false
category xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: false
category yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy: false
warning: category "1st": Segment refuses ids that begin with a digit
warning: category "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": Segment refuses ids of 35 characters or more
warning: destination "Snowflake" is a warehouse: events reach it only if "Warehouses" is listed and allowed
warning: destination "Webhooks" is in ServerOnly and in no category, so no answer opens it
warning: the answer for category "Analytics" differs from "analytics" in casing or white space: a denial counts, a grant does not
warning: the answer for category "other" matches nothing in the Config
warning: the answer for destination "AMPLITUDE" differs from "Amplitude" in casing or white space: a denial counts, a grant does not
warning: the answer for destination "Hotjar" matches nothing in the Config
`, e.String())
	require.Equal(t, "Actions Amplitude", e.Verdicts[1].Destination)
	require.Equal(t, "Amplitude", e.Verdicts[1].AliasOf)
	require.Contains(t, MustCompile(Config{AllowUnlisted: true}).Explain(consent.NewState(nil)).String(), "any other destination: allowed")
}

func FuzzCompile(f *testing.F) {
	f.Add("analytics", "Amplitude", "Actions Amplitude", "Webhooks", "Amplitude", uint8(0))
	f.Add("", "All", "all", "Segment.io", "\xff", uint8(7))
	f.Fuzz(func(t *testing.T, category, destination, alias, always, named string, flags uint8) {
		c := Config{
			Categories: map[string][]string{category: {destination, named}, "other": {destination}},
			Always:     []string{always},
			Aliases:    map[string][]string{destination: {alias}, named: {alias}},
			OptOut:     flags&1 != 0, Imply: flags&2 != 0, AllowUnlisted: flags&4 != 0,
		}
		if flags&8 != 0 {
			c.Aliases = map[string][]string{destination: {alias}}
		}
		if flags&16 != 0 {
			c.ServerOnly = []string{named}
		}
		p, err := Compile(c)
		if err != nil {
			if p != nil || !errors.Is(err, ErrConfig) {
				t.Fatalf("%v with %v", p, err)
			}
			return
		}
		for _, s := range []consent.State{
			{}, consent.All(consent.Denied), consent.All(consent.Granted),
			consent.NewState(m{category: false, "other": true}),
			answer(m{category: true, "other": true}, m{named: true, alias: false}),
		} {
			d := p.Decide(s)
			if d.Allows("All") || d.Allows("Segment.io") || d.Allows("") && !d.Unlisted() {
				t.Fatalf("%+v allows a name that is no destination", c)
			}
			if s == consent.All(consent.Denied) && d.Allows(destination) {
				t.Fatalf("%+v allows %q though nothing was read", c, destination)
			}
			if s != consent.NewState(nil) && s.Category(category) == consent.Denied && d.Allows(destination) {
				t.Fatalf("%+v allows %q though its category is denied", c, destination)
			}
			_ = p.Explain(s).String()
		}
	})
}

func suppressed(d consent.Decision) consent.Reason {
	_, reason := consent.AtSegment(d)
	return reason
}
