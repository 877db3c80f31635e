package preferences_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware/preferences"
)

func planted(i int) string { return fmt.Sprintf("Planted %d", i) }

// cased returns several spellings of a name that the policy knows.
func cased(i int) string {
	name := []byte("facebook pixel")
	for bit := range name {
		if i>>bit&1 == 0 && name[bit] != ' ' {
			name[bit] -= 'a' - 'A'
		}
	}
	return string(name)
}

// full returns answers with as many more names as the cookie has room for.
func full(t testing.TB, base consent.State, name func(int) string, granted bool) consent.State {
	t.Helper()
	names := collect(base.Destinations())
	s := base
	for i := 0; ; i++ {
		names[name(i)] = granted
		next := base.WithDestinations(names)
		if _, err := cookie.Encode(next); err != nil {
			require.Greater(t, i, 50)
			return s
		}
		s = next
	}
}

// A sibling host can plant names until the cookie is full.
func TestDenialIsNeverRefusedForSize(t *testing.T) {
	base := destinations.Config{
		Categories: map[string][]string{
			"advertising": {"Facebook Pixel", "Braze"},
			"analytics":   {"Amplitude", "Braze"},
		},
		Aliases: map[string][]string{"By Name": nil},
	}
	answers := []string{
		"answer=deny", "answer=save", "category.analytics=on",
		`{"categories":{"advertising":false}}`, `{"categories":{"analytics":true,"advertising":false}}`,
		`{"destinations":{"Amplitude":false}}`, `{"destinations":{"By Name":false}}`, `{"destinations":{"Planted 3":false}}`,
	}
	granted := consent.NewState(m{"advertising": true, "analytics": true})
	cookies := map[string]consent.State{
		"planted grants":  full(t, granted.WithDestinations(m{"Amplitude": true, "Braze": false}), planted, true),
		"planted denials": full(t, granted.WithDestinations(m{"Amplitude": true, "Braze": false}), planted, false),
		"near-names":      full(t, granted.WithDestinations(m{"By Name": true}), cased, false),
	}
	for i := range 16 {
		c, expand := base, false
		for bit, flag := range []*bool{&c.OptOut, &c.Imply, &c.AllowUnlisted, &expand} {
			*flag = i>>bit&1 == 1
		}
		policy := destinations.MustCompile(c)
		for what, before := range cookies {
			for _, answer := range answers {
				t.Run(fmt.Sprintf("%+v, expand %t, %s: %s", c, expand, what, answer), func(t *testing.T) {
					b := newBench()
					b.Policy, b.Expand = policy, nil
					if expand {
						b.Expand = policy.Expand
					}
					require.NoError(t, b.Check())
					if strings.Contains(answer, "Planted") && what == "near-names" {
						return
					}
					w := b.sequence(t, held(t, before), answer)
					after := saved(t, w)
					mustClose(t, policy, before, after, answer)
					for _, err := range b.errs {
						require.ErrorIs(t, err, preferences.ErrShortened)
					}
				})
			}
		}
	}
}

// mustClose checks that what the answer denies is closed, and what was denied stays so.
func mustClose(t *testing.T, policy *destinations.Policy, held, after consent.State, answer string) {
	t.Helper()
	d, before := policy.Decide(after), policy.Decide(held)
	for name, text := range map[string]string{"Amplitude": `"Amplitude":false`, "By Name": `"By Name":false`, "Planted 3": `"Planted 3":false`} {
		if strings.Contains(answer, text) {
			require.False(t, d.Allows(name), "%s of %s", name, after)
		}
	}
	for name, granted := range held.Destinations() {
		if !granted && !before.Allows(name) {
			require.False(t, d.Allows(name), "%s of %s", name, after)
		}
	}
	if !strings.Contains(answer, "analytics") {
		return
	}
	require.Equal(t, consent.Denied, after.Category("advertising"))
	require.False(t, d.Allows("Facebook Pixel"))
}

func TestOrderOfGivingUp(t *testing.T) {
	var many []string
	listed := func(i int) string { return many[i] }
	for i := range 200 {
		many = append(many, fmt.Sprintf("Destination %d of the site", i))
	}
	policy := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"a": many, "b": {"B"}, "c": {"B", "C"}},
		Imply:      true,
	})
	b := newBench()
	b.Policy, b.Expand = policy, nil
	denied := m{"B": false, "C": false}
	with := func(base m, more m) m {
		base = maps.Clone(base)
		maps.Copy(base, more)
		return base
	}
	for _, test := range []struct {
		rule       string
		categories m
		more       func(int) string
		granted    bool
	}{
		{"grants that the policy does not know", m{"a": true, "b": false, "c": true}, planted, true},
		{"denials that it does not know", m{"a": true, "b": false, "c": true}, planted, false},
		{"grants by name", m{"a": true, "b": false, "c": true}, listed, true},
		{"denials of which every category is denied", m{"a": false, "b": false, "c": true}, listed, false},
	} {
		t.Run(test.rule, func(t *testing.T) {
			before := full(t, consent.NewState(test.categories).WithDestinations(with(denied, m{"Destination 199 of the site": test.granted})), test.more, test.granted)
			answer := `{"destinations":{"Destination 198 of the site":false}}`
			after := saved(t, b.sequence(t, held(t, before), answer))
			require.Equal(t, test.categories, collect(after.Categories()))
			want := with(denied, m{"Destination 198 of the site": false, "Destination 199 of the site": test.granted})
			if test.more(0) == listed(0) {
				delete(want, "Destination 199 of the site")
			}
			if !test.categories["a"] {
				delete(want, "Destination 198 of the site")
			}
			require.Equal(t, want, collect(after.Destinations()))
			require.ErrorIs(t, b.errs[len(b.errs)-1], preferences.ErrShortened)
		})
	}

	t.Run("then every category is denied", func(t *testing.T) {
		before := full(t, consent.NewState(m{"a": true, "b": true, "c": true}).WithDestinations(denied), listed, false)
		after := saved(t, b.sequence(t, held(t, before), `{"destinations":{"Destination 198 of the site":false}}`))
		require.Equal(t, consent.NewState(m{"a": false, "b": false, "c": false}).WithDestinations(m{}), after)
	})
	t.Run("a grant gives up nothing", func(t *testing.T) {
		before := full(t, consent.NewState(m{"a": true}), listed, false)
		w := b.do(request{method: "POST", body: `{"destinations":{"Destination 198 of the site":true}}`, cookies: held(t, before)})
		require.Equal(t, 422, w.Code)
		before = full(t, consent.NewState(m{"a": true}), planted, true)
		after := saved(t, b.sequence(t, held(t, before), `{"destinations":{"C":true}}`))
		require.Equal(t, consent.NewState(m{"a": true}).WithDestinations(m{"C": true}), after, "except unknown grants")
	})
}

func TestCheck(t *testing.T) {
	var many, byName []string
	for i := range 500 {
		many = append(many, fmt.Sprintf("Destination %d", i))
	}
	byName = many[:300]
	aliases := make(map[string][]string)
	for _, name := range byName {
		aliases[name] = nil
	}
	categories := make(map[string][]string)
	for _, name := range many {
		categories[name] = nil
	}
	for rule, test := range map[string]struct {
		change func(*preferences.Handler)
		want   error
	}{
		"ready":        {func(*preferences.Handler) {}, nil},
		"no policy":    {func(h *preferences.Handler) { h.Policy = nil }, preferences.ErrNoPolicy},
		"a nil policy": {func(h *preferences.Handler) { h.Policy = (*destinations.Policy)(nil) }, preferences.ErrNoPolicy},
		"many destinations": {func(h *preferences.Handler) {
			h.Policy = policyOf(destinations.Config{Categories: map[string][]string{"a": many}, OptOut: true, Imply: true})
		}, nil},
		"too many categories": {func(h *preferences.Handler) { h.Policy = policyOf(destinations.Config{Categories: categories}) }, cookie.ErrNotEncodable},
		"too many names of their own": {func(h *preferences.Handler) {
			h.Policy = policyOf(destinations.Config{Aliases: aliases, OptOut: true, Imply: true})
		}, cookie.ErrNotEncodable},
		"that is closed by the mark": {func(h *preferences.Handler) { h.Policy = policyOf(destinations.Config{Aliases: aliases, OptOut: true}) }, nil},
		"a policy that cannot deny":  {func(h *preferences.Handler) { h.Policy = openPolicy{} }, preferences.ErrPolicy},
		"a cookie that is not kept": {func(h *preferences.Handler) {
			h.Codec = cookie.Codec{Template: http.Cookie{Name: "__Host-p", Domain: "example.com"}}
		}, cookie.ErrNotEncodable},
		"a cookie that is kept only over TLS": {func(h *preferences.Handler) {
			h.Codec = cookie.Codec{Template: http.Cookie{SameSite: http.SameSiteNoneMode}}
		}, cookie.ErrNotEncodable},
		"a cookie that expires at once": {func(h *preferences.Handler) { h.Codec = cookie.Codec{Template: http.Cookie{MaxAge: -1}} }, cookie.ErrNotEncodable},
	} {
		t.Run(rule, func(t *testing.T) {
			h := newBench().Handler
			test.change(&h)
			require.ErrorIs(t, h.Check(), test.want)
		})
	}
}

func policyOf(c destinations.Config) *destinations.Policy { return destinations.MustCompile(c) }

// An openPolicy allows everything whatever the visitor answers, unless nothing was read.
type openPolicy struct{}

func (openPolicy) Decide(s consent.State) consent.Decision {
	return consent.NewDecision(map[string]bool{"a": s.Category("a") == consent.Granted}, nil, s.Rest() != consent.Denied)
}
