package destinations

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

var wholeSite = Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude", "Braze"},
		"advertising": {"Facebook Pixel", "Braze"},
	},
	Always:     []string{"Webhooks"},
	Aliases:    map[string][]string{"Amplitude": {"Actions Amplitude"}, "By Name": {"Other Name"}},
	ServerOnly: []string{"Braze"},
}

func TestExpand(t *testing.T) {
	all := func(analytics, advertising bool) m {
		return m{
			"Amplitude": analytics, "Actions Amplitude": analytics, "Facebook Pixel": advertising,
			"Braze": analytics && advertising, "Webhooks": analytics || advertising, "By Name": false, "Other Name": false,
		}
	}
	with := func(base, more m) m {
		maps.Copy(base, more)
		return base
	}
	for _, test := range []struct {
		rule  string
		state consent.State
		want  m
	}{
		{"granted categories grant, under each name", answer(m{"analytics": true, "advertising": true}, nil), all(true, true)},
		{"a destination of two categories needs both", answer(m{"analytics": true, "advertising": false}, nil), all(true, false)},
		{"an unanswered category does not grant", answer(m{"advertising": true}, nil), all(false, true)},
		{"no answer grants nothing", consent.NewState(nil), all(false, false)},
		{"a grant in another casing does not count", answer(m{"Analytics": true}, nil), all(false, false)},
		{"a denial in another casing does", answer(m{"analytics": true, "advertising": true, "ANALYTICS": false}, nil), all(false, true)},
		{"denied categories deny, and nothing strictly necessary opens", answer(m{"analytics": false, "advertising": false}, nil), all(false, false)},
		{"what was said of a destination is replaced", answer(m{"analytics": true, "advertising": false}, m{"Amplitude": false, "Facebook Pixel": true}), all(true, false)},
		{"other names keep their answers", answer(m{"analytics": true}, m{"Hotjar": true, "Heap": false}),
			with(all(true, false), m{"Hotjar": true, "Heap": false})},
		{"but not beside a denial of everything", answer(m{"analytics": false, "advertising": false}, m{"Hotjar": true, "Heap": false}),
			with(all(false, false), m{"Hotjar": false, "Heap": false})},
		{"a destination in no category keeps the answer by name", answer(m{"analytics": false, "advertising": true}, m{"By Name": true}),
			with(all(false, true), m{"By Name": true, "Other Name": true})},
		{"unless another name of it is denied", answer(m{"analytics": false, "advertising": true}, m{"By Name": true, "other name": false}),
			with(all(false, true), m{"other name": false})},
		{"but not beside a denial of everything, either", answer(m{"analytics": false, "advertising": false}, m{"By Name": true}), all(false, false)},
	} {
		t.Run(test.rule, func(t *testing.T) {
			got := MustCompile(wholeSite).Expand(test.state)
			require.Equal(t, test.want, m(maps.Collect(got.Destinations())))
			require.Equal(t, maps.Collect(test.state.Categories()), maps.Collect(got.Categories()))
			require.True(t, got.AskedByDestination())
			require.Equal(t, got, MustCompile(wholeSite).Expand(got), "a second time changes nothing")
		})
	}
}

func TestExpandOfWhatWasNotRead(t *testing.T) {
	got := MustCompile(wholeSite).Expand(consent.All(consent.Denied))
	require.Equal(t, consent.Denied, got.Rest())
	for name, granted := range got.Destinations() {
		require.False(t, granted, name)
	}
	var none *Policy
	require.Equal(t, answer(m{"a": true}, nil), none.Expand(answer(m{"a": true}, nil)))
}

func TestExpandByTheVisitorsOwnList(t *testing.T) {
	p := MustCompile(Config{Categories: map[string][]string{"analytics": nil}})
	require.Equal(t, answer(m{"analytics": true}, nil), p.Expand(answer(m{"analytics": true}, nil)))
	require.Equal(t, answer(m{"analytics": true}, m{"a": true, "b": false}), p.Expand(answer(m{"analytics": true}, m{"a": true, "b": false})))
	require.Equal(t, answer(m{"analytics": false}, m{"a": false}), p.Expand(answer(m{"analytics": false}, m{"a": true})))
}

// What Expand adds changes no decision of the policy.
func TestExpandChangesNoDecision(t *testing.T) {
	p := MustCompile(Config{
		Categories: map[string][]string{"analytics": {"Amplitude", "Braze"}, "advertising": {"Facebook Pixel", "Braze"}},
		Aliases:    map[string][]string{"Amplitude": {"Actions Amplitude"}},
		Always:     []string{"Webhooks"},
	})
	allowed := func(s consent.State) map[string]bool {
		names := make(map[string]bool)
		for v := range p.Decide(s).Verdicts() {
			names[v.Destination] = v.Allowed
		}
		return names
	}
	for _, analytics := range []consent.State{consent.NewState(nil), answer(m{"analytics": true}, nil), answer(m{"analytics": false}, nil)} {
		for _, advertising := range []consent.State{consent.NewState(nil), answer(m{"advertising": true}, nil), answer(m{"advertising": false}, nil)} {
			s := analytics.Or(advertising)
			require.Equal(t, allowed(s), allowed(p.Expand(s)), s.String())
		}
	}
}

// Whatever the State is, Decide allows what Expand writes as true.
func TestExpandOpensNothing(t *testing.T) {
	for rule, test := range map[string]struct {
		state consent.State
		want  m
	}{
		"a denied rest with a granted category": {answer(m{"analytics": true, "advertising": true}, nil).Or(consent.All(consent.Denied)), m{}},
		"a denied rest with granted names":      {answer(m{"analytics": true}, m{"Amplitude": true, "By Name": true}).Or(consent.All(consent.Denied)), m{}},
		"a near-name that is denied":            {answer(m{"analytics": true}, m{"ampl itude": false}), m{}},
		"presumed grants":                       {consent.All(consent.Granted).Presume(), m{}},
		"a presumed category beside an answer":  {answer(m{"advertising": false}, nil).Or(answer(m{"analytics": true}, nil).Presume()), m{}},
	} {
		t.Run(rule, func(t *testing.T) {
			c := wholeSite
			for _, c.OptOut = range []bool{false, true} {
				got := m{}
				for name, granted := range MustCompile(c).Expand(test.state).Destinations() {
					if granted {
						got[name] = true
					}
				}
				require.Equal(t, test.want, got)
			}
		})
	}
}

func TestExpandOpensNothingAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	names := []string{"Amplitude", "Actions Amplitude", "amplitude", "Braze", "Facebook Pixel", "By Name", "Webhooks", "Hotjar"}
	categories := []string{"analytics", "advertising", "Analytics"}
	some := func(from []string) m {
		picked := m{}
		for _, name := range from {
			if r.IntN(3) == 0 {
				picked[name] = r.IntN(3) > 0
			}
		}
		return picked
	}
	for range 5000 {
		c := wholeSite
		c.OptOut, c.Imply, c.AllowUnlisted = r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
		p := MustCompile(c)
		s := consent.NewState(some(categories))
		if r.IntN(2) == 0 {
			s = s.WithDestinations(some(names))
		}
		switch r.IntN(4) {
		case 0:
			s = s.Or(consent.All(consent.Denied))
		case 1:
			s = s.Or(consent.NewState(some(categories)).Presume())
		}
		expanded := p.Expand(s)
		unnamed := consent.NewState(maps.Collect(s.Categories()))
		if s.Rest() == consent.Denied {
			unnamed = unnamed.Or(consent.All(consent.Denied))
		}
		byCategory, after := p.Decide(unnamed), p.Decide(expanded)
		for name, granted := range expanded.Destinations() {
			if !granted || name == "Webhooks" || !p.listed[name] {
				continue
			}
			if name != "By Name" && name != "Other Name" {
				require.True(t, byCategory.Allows(name), "%s of %s", name, s)
			}
			require.True(t, after.Allows(name), "%s of %s: true, and denied: %s", name, s, expanded)
		}
		require.Equal(t, expanded, p.Expand(expanded), s.String())
	}
}
