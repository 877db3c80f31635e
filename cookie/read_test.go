package cookie

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

var errPlatform = errors.New("platform: no answer to be found")

// letters is the decode function of a made-up platform: "+a-b" grants a and denies b.
func letters(value string) (consent.State, error) {
	answers := make(map[string]bool)
	for ; value != ""; value = value[2:] {
		if len(value) < 2 || value[0] != '+' && value[0] != '-' {
			return consent.All(consent.Granted), errPlatform
		}
		answers[value[1:2]] = value[0] == '+'
	}
	return consent.NewState(answers), nil
}

func TestRead(t *testing.T) {
	type answers = map[string]bool
	for _, test := range []struct {
		rule, name string
		lines      []string
		want       consent.State
	}{
		{"no header", "n", nil, consent.NewState(nil)},
		{"no cookie of that name", "n", []string{"N=+a; n2=+a; %6E=+a; m=n=+a"}, consent.NewState(nil)},
		{"one", "n", []string{"x=1; n=+a-b"}, consent.NewState(answers{"a": true, "b": false})},
		{"a cookie without an answer", "n", []string{"n="}, consent.NewState(nil)},
		{"copies that differ", "n", []string{"n=+a+b+c", "n=+a-b"}, consent.NewState(answers{"a": true, "b": false})},
		{"a name is not decoded", "a%20b", []string{"a%20b=+a; a b=-a"}, consent.NewState(answers{"a": true})},
		{"a name with a prefix that browsers protect", "__Host-n", []string{"%5F_Host-n=-a; __host-n=-a; __Host-n=+a"}, consent.NewState(answers{"a": true})},
		{"8 copies", "n", []string{strings.Repeat("n=+a;", 8)}, consent.NewState(answers{"a": true})},
	} {
		t.Run(test.rule, func(t *testing.T) {
			got, err := Read(withCookies(test.lines...), test.name, letters)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	got, err := Read(nil, "n", letters)
	require.NoError(t, err)
	require.Equal(t, consent.NewState(nil), got)
}

func TestReadFailsClosed(t *testing.T) {
	full := strings.Repeat("+a", 2047) // and a name of two bytes is 4096
	s, err := Read(withCookies("na="+full), "na", letters)
	require.NoError(t, err)
	require.Equal(t, consent.NewState(map[string]bool{"a": true}), s)
	for rule, header := range map[string]string{
		"the platform cannot read it":      "na=secret",
		"one of two copies cannot be read": "na=+a; na=secret",
		"too many copies":                  strings.Repeat("na=+a;", 9),
		"longer than a browser stores":     "na=" + full + "+",
	} {
		t.Run(rule, func(t *testing.T) {
			s, err := Read(withCookies(header), "na", letters)
			require.ErrorIs(t, err, ErrMalformed)
			require.Equal(t, consent.All(consent.Denied), s)
			require.Equal(t, strings.Contains(header, "secret"), errors.Is(err, errPlatform))
			require.NotContains(t, err.Error(), "secret")
		})
	}
	t.Run("an error that wraps ErrMalformed is returned as it is", func(t *testing.T) {
		_, err := Read(withCookies("n={"), "n", Decode)
		require.Equal(t, errSyntax, err)
	})
}

// Copies have to agree also on what a State holds besides names.
func TestReadAgreesOnEverything(t *testing.T) {
	states := map[string]consent.State{
		"granted":  consent.All(consent.Granted),
		"presumed": consent.All(consent.Granted).Presume(),
		"asked":    consent.NewState(map[string]bool{"a": true}).WithDestinations(map[string]bool{"A": true}),
		"denied":   consent.All(consent.Denied),
		"nothing":  consent.NewState(nil),
	}
	decode := func(value string) (consent.State, error) { return states[value], nil }
	for header, want := range map[string]consent.State{
		"n=granted; n=granted":           states["granted"],
		"n=granted; n=presumed":          states["presumed"],
		"n=granted; n=nothing":           states["nothing"],
		"n=granted; n=asked":             states["asked"],
		"n=asked; n=nothing":             consent.NewState(nil).WithDestinations(map[string]bool{}),
		"n=asked; n=denied; n=asked":     states["denied"],
		"n=nothing; n=granted":           states["nothing"],
		"n=asked; n=asked; n=presumed":   states["asked"].Presume(),
		"n=denied; n=nothing; n=granted": states["denied"],
	} {
		got, err := Read(withCookies(header), "n", decode)
		require.NoError(t, err)
		require.Equal(t, want, got, header)
	}
}

// A visitor who answered must not read as one who did not: a Default would be asked.
func TestReadOfCopiesThatAgreeOnNothing(t *testing.T) {
	decode := func(value string) (consent.State, error) {
		if value == "" {
			return consent.NewState(nil), nil
		}
		return consent.NewState(map[string]bool{value: true}), nil
	}
	for _, header := range []string{"n=a; n=b", "n=a; n=", "n=; n=a"} {
		got, err := Read(withCookies(header), "n", decode)
		require.ErrorIs(t, err, ErrMalformed, header)
		require.Equal(t, consent.All(consent.Denied), got, header)
	}
	got, err := Read(withCookies("n=; n="), "n", decode)
	require.NoError(t, err)
	require.Equal(t, consent.NewState(nil), got)
}

func TestUnescape(t *testing.T) {
	for value, want := range map[string]string{
		"":                       "",
		"a+b=/":                  "a+b=/",
		"a%20b%2Cc":              "a b,c",
		"%c3%A9":                 "é",
		"%zz%4%":                 "%zz%4%",
		"%%41%4%31":              "%A%41",
		"100%":                   "100%",
		"%2541":                  "%41",
		`"a,b"`:                  "a,b",
		`"%22a%22"`:              `"a"`,
		`"a`:                     `"a`,
		`a"`:                     `a"`,
		`"`:                      `"`,
		`""`:                     "",
		`""a""`:                  `"a"`,
		"%FF\xff":                "\xff\xff",
		"%00%0A":                 "\x00\n",
		`["functional","stats"]`: `["functional","stats"]`,
	} {
		require.Equal(t, want, Unescape(value), "%q", value)
	}
}

func FuzzUnescape(f *testing.F) {
	f.Add("%zz%20+%")
	f.Add(`"%c3%A9"`)
	f.Fuzz(func(t *testing.T, value string) {
		got := Unescape(value)
		require.LessOrEqual(t, len(got), len(value))
		if quoted := len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"'; !quoted && !strings.Contains(value, "%") {
			require.Equal(t, value, got)
		}
	})
}

func TestPairs(t *testing.T) {
	var got [][2]string
	for name, value := range Pairs(withCookies(`_iub_cs-12={"a":1}; x`, " =v;\t_iub_cs-12\t = 2 ")) {
		got = append(got, [2]string{name, value})
	}
	require.Equal(t, [][2]string{{"_iub_cs-12", `{"a":1}`}, {"x", ""}, {"", "v"}, {"_iub_cs-12\t ", " 2"}}, got)
	for range Pairs(&http.Request{}) {
		t.Fatal("a cookie of no header")
	}
	for range Pairs(nil) {
		t.Fatal("a cookie of no request")
	}
	for name := range Pairs(withCookies("a=1; b=2")) {
		require.Equal(t, "a", name)
		break
	}
}
