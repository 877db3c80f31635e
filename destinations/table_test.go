package destinations

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

var regimes = map[string]consent.State{
	"eu": consent.NewState(nil),
	"us": consent.NewState(m{"advertising": true, "analytics": true}).Presume(),
}

func tabulate(t testing.TB, c Config) *Table {
	t.Helper()
	table, err := Tabulate(c, regimes)
	require.NoError(t, err)
	return table
}

func TestATableHoldsEveryDecision(t *testing.T) {
	text := tabulate(t, site).String()
	for _, want := range []string{
		`written 0001-01-01`,
		`regimes "eu" "us"`,
		`destination "Amplitude" "Actions Amplitude" "Amplitude (Actions)"`,
		`denied   "Amplitude": nothing read`,
		`denied   "Amplitude": no answer in "eu"`,
		`allowed  "Amplitude": no answer in "us"`,
		`denied   "Amplitude": "analytics" silent`,
		`allowed  "Amplitude": "analytics" silent, granted by name`,
		`allowed  "Amplitude": "analytics" granted`,
		`denied   "Amplitude": "analytics" granted, asked by name of others alone`,
		`denied   "Amplitude": "analytics" granted, denied by name`,
		`denied   "Amplitude": "analytics" denied, granted by name`,
		`allowed  "Braze": "advertising" granted, "analytics" granted`,
		`denied   "Braze": "advertising" granted, "analytics" silent`,
		`allowed  "Webhooks": nothing read`,
		`allowed  "Webhooks": any other answer`,
		`denied   others: "advertising" granted, "analytics" granted, "functional" granted`,
	} {
		require.Contains(t, strings.Split(text, "\n"), want)
	}
	open := tabulate(t, with(func(c *Config) { c.AllowUnlisted = true })).String()
	require.Contains(t, open, `allowed  others: no answer in "eu"`)
	require.Contains(t, open, `denied   others: nothing read`)
}

func TestTabulateRefuses(t *testing.T) {
	_, err := Tabulate(Config{}, nil)
	require.ErrorContains(t, err, "it names no destination to tabulate")
	_, err = Tabulate(Config{Always: []string{"All"}}, nil)
	require.ErrorIs(t, err, ErrConfig)
	many := Config{Categories: make(map[string][]string)}
	for i := range 6 {
		many.Categories[strconv.Itoa(i)] = []string{"Braze"}
	}
	_, err = Tabulate(many, nil)
	require.ErrorContains(t, err, `destination "Braze" is in 6 categories, the limit of a table is 5`)
}

func TestReadTableRefusesWhatWasEdited(t *testing.T) {
	text := tabulate(t, site).String()
	for name, c := range map[string]struct{ old, new, want string }{
		"another file":         {tableTitle, "Table", "line 1: this is another file"},
		"no day":               {"written 0001-01-01", "written yesterday", "line 2: the day"},
		"regimes out of order": {`"eu" "us"`, `"us" "eu"`, "line 3: the regimes"},
		"a row is gone":        {"denied   \"Amplitude\": no answer in \"eu\"\n", "", "line 8: this decision is missing: \"Amplitude\": no answer in \"eu\""},
		"another word":         {"denied   \"Amplitude\": nothing read", "unknown  \"Amplitude\": nothing read", "line 7: this decision is missing"},
		"no destination":       {`destination "Amplitude"`, `destination `, "line 5: a destination is missing"},
		"no categories":        {`categories "analytics"`, `categories "analytics`, "line 6: the categories are missing"},
		"an empty line gone":   {"\n\n", "\n", "line 4: an empty line is missing"},
		"cut off":              {"\n" + tableOthers, "", "the end is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, text, c.old)
			changed := strings.Replace(text, c.old, c.new, 1)
			if name == "cut off" {
				changed = text[:strings.Index(text, c.old)]
			}
			_, err := ReadTable(strings.NewReader(changed))
			require.ErrorIs(t, err, ErrTable)
			require.ErrorContains(t, err, c.want)
		})
	}
	windows, err := ReadTable(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")))
	require.NoError(t, err)
	require.Equal(t, text, windows.String())
}

func TestWider(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   []string // destination: first row
	}{
		"nothing": {func(*Config) {}, nil},
		"a category less": {func(c *Config) {
			c.Categories = map[string][]string{"analytics": {"Amplitude", "Braze"}, "advertising": {"Facebook Pixel"}, "functional": nil}
		},
			[]string{`Braze: "advertising" silent, "analytics" granted`}},
		"a category more closes": {func(c *Config) {
			c.Categories = map[string][]string{"analytics": {"Amplitude", "Braze"}, "advertising": {"Facebook Pixel", "Braze", "Amplitude"}, "functional": nil}
		}, nil},
		"another category": {func(c *Config) {
			c.Categories = map[string][]string{"analytics": {"Amplitude", "Braze"}, "advertising": {"Braze"}, "functional": {"Facebook Pixel"}}
		}, []string{`Facebook Pixel: "advertising" silent, "functional" granted`}},
		"strictly necessary": {func(c *Config) {
			c.Categories = map[string][]string{"analytics": {"Amplitude", "Braze"}, "advertising": {"Braze"}, "functional": nil}
			c.Always = []string{"Webhooks", "Facebook Pixel"}
		}, []string{`Facebook Pixel: nothing read`}},
		"a destination more": {func(c *Config) { c.Always = []string{"Webhooks", "Sift"} }, []string{`Sift: nothing read`}},
		"a destination less": {func(c *Config) { c.Always = nil }, nil},
		"a name more": {func(c *Config) {
			c.Aliases = map[string][]string{"Amplitude": {"Actions Amplitude", "Amplitude (Actions)", "Mixpanel"}}
		}, []string{`Amplitude: "analytics" silent, asked by name of others alone, granted as "Mixpanel"`}},
		"names less":              {func(c *Config) { c.Aliases = nil }, []string{`Amplitude: "analytics" silent, granted by name, denied as "Actions Amplitude" "Amplitude (Actions)"`}},
		"opt-out":                 {func(c *Config) { c.OptOut = true }, []string{`Amplitude: no answer in "eu"`, `Braze: no answer in "eu"`, `Facebook Pixel: no answer in "eu"`}},
		"imply":                   {func(c *Config) { c.Imply = true }, []string{`Amplitude: "analytics" granted, asked by name of others alone`, `Braze: "advertising" granted, "analytics" granted, asked by name of others alone`, `Facebook Pixel: "advertising" granted, asked by name of others alone`}},
		"server only":             {func(c *Config) { c.ServerOnly = []string{"Amplitude"} }, []string{`Amplitude: "analytics" granted, asked by name of others alone`}},
		"what no register listed": {func(c *Config) { c.AllowUnlisted = true }, []string{`: no answer in "eu"`}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, o := range tabulate(t, with(c.change)).Wider(tabulate(t, site)) {
				got = append(got, o.Destination+": "+o.Rows[0])
			}
			require.Equal(t, c.want, got)
		})
	}
}

// A denial under a name closes nothing once the name is no longer listed.
func TestANameThatIsGivenUp(t *testing.T) {
	before := with(func(c *Config) { c.Imply = true })
	after := with(func(c *Config) { c.Imply = true; c.Aliases = map[string][]string{"Amplitude": {"Actions Amplitude"}} })
	openings := tabulate(t, after).Wider(tabulate(t, before))
	require.Len(t, openings, 1)
	require.Equal(t, []string{
		`"analytics" silent, granted by name, denied as "Amplitude (Actions)"`,
		`"analytics" granted, asked by name of others alone, denied as "Amplitude (Actions)"`,
		`"analytics" granted, granted by name, denied as "Amplitude (Actions)"`,
	}, openings[0].Rows)
}

func TestEverythingIsWiderThanNothing(t *testing.T) {
	openings := tabulate(t, site).Wider(nil)
	require.Len(t, openings, 4)
	require.Empty(t, (&Table{}).Wider(tabulate(t, site)))
}

func TestARegimeThatIsNewWasDenied(t *testing.T) {
	base, err := Tabulate(site, map[string]consent.State{"eu": consent.NewState(nil)})
	require.NoError(t, err)
	openings := tabulate(t, site).Wider(base)
	require.Equal(t, []string{`no answer in "us"`}, openings[0].Rows)
}

func TestTheFingerprintIsThatOfTheRows(t *testing.T) {
	seen := make(map[string]bool)
	for _, o := range slices.Concat(tabulate(t, site).Wider(nil), tabulate(t, with(func(c *Config) { c.OptOut = true })).Wider(nil)) {
		seen[o.Fingerprint] = true
	}
	require.Len(t, seen, 7, "Webhooks opens the same either way")
}

// randomConfig returns a Config with few names, so that two Configs have many in common.
func randomConfig(r *rand.Rand) Config {
	c := Config{
		Categories: map[string][]string{"analytics": nil, "advertising": nil},
		Aliases:    make(map[string][]string),
		OptOut:     r.IntN(4) == 0, Imply: r.IntN(3) == 0, AllowUnlisted: r.IntN(4) == 0,
		Always: []string{"Webhooks"},
	}
	if r.IntN(4) > 0 {
		c.Categories["functional"] = nil
	}
	names := []string{"A", "B", "C", "D", "E", "F"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+r.IntN(3)] {
		for _, category := range []string{"analytics", "advertising", "functional"} {
			if _, ok := c.Categories[category]; ok && r.IntN(2) == 0 {
				c.Categories[category] = append(c.Categories[category], name)
			}
		}
		if r.IntN(3) == 0 {
			c.ServerOnly = append(c.ServerOnly, name)
		}
	}
	for i, name := range names[3 : 3+r.IntN(4)] {
		c.Aliases[names[i%3]] = append(c.Aliases[names[i%3]], name)
	}
	return c
}

// randomState answers for names and categories that randomConfig uses.
func randomState(r *rand.Rand) consent.State {
	if r.IntN(10) == 0 {
		return consent.All(consent.Denied)
	}
	pick := func(names ...string) m {
		answers := make(m)
		for _, name := range names {
			if n := r.IntN(3); n > 0 {
				answers[name] = n == 1
			}
		}
		return answers
	}
	s := consent.NewState(pick("analytics", "advertising", "functional"))
	if r.IntN(2) == 0 {
		s = s.WithDestinations(pick("A", "B", "C", "D", "E", "F"))
	}
	return s
}

// Wider finds every destination that a change opens for any visitor, which the gate relies on.
func TestWiderMissesNothing(t *testing.T) {
	cases := uint64(300)
	if n, err := strconv.ParseUint(os.Getenv("CONSENT_CASES"), 10, 64); err == nil {
		cases = n / 50
	}
	seeds := []uint64{2724} // it once missed something
	for seed := range cases {
		seeds = append(seeds, seed)
	}
	opened := 0
	for _, seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 13))
		a, b := randomConfig(r), randomConfig(r)
		before, after := MustCompile(a), MustCompile(b)
		wider := make(map[string]bool)
		now := tabulate(t, b)
		openings := now.Wider(tabulate(t, a))
		for _, o := range openings {
			wider[o.Destination] = true
		}
		for range 100 {
			s := randomState(r)
			was, is := before.Decide(s), after.Decide(s)
			for _, name := range []string{"A", "B", "C", "D", "E", "F", "Webhooks", "Z"} {
				if was.Allows(name) || !is.Allows(name) {
					continue
				}
				opened++
				by := ""
				if d := now.find(name); d != nil {
					by = d.names[0]
				}
				require.True(t, wider[by], "seed %d: %s opens for %s\nbefore %+v\nafter  %+v\n%v", seed, name, s, a, b, openings)
			}
		}
	}
	require.Greater(t, uint64(opened), cases, "few cases open anything")
	t.Logf("%d openings", opened)
}

func FuzzReadTable(f *testing.F) {
	f.Add(tabulate(f, site).String())
	f.Add(tableTitle + "\nwritten 2026-01-01\nregimes\n\n" + tableOthers + "\ncategories\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := ReadTable(strings.NewReader(text))
		if err != nil {
			require.ErrorIs(t, err, ErrTable)
			return
		}
		again, err := ReadTable(strings.NewReader(table.String()))
		require.NoError(t, err)
		require.Equal(t, table, again)
		require.Empty(t, table.Wider(table))
	})
}
