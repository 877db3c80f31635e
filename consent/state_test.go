package consent

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoice(t *testing.T) {
	require.Equal(t, "unknown denied granted unknown", fmt.Sprint(Unknown, Denied, Granted, Choice(9)))
	require.Equal(t, Unknown, Choice(0))
}

func TestStateAnswersByName(t *testing.T) {
	s := NewState(map[string]bool{"analytics": true, "advertising": false}).
		WithDestinations(map[string]bool{"Amplitude": true, "Google Analytics": false})

	require.Equal(t, Granted, s.Category("analytics"))
	require.Equal(t, Denied, s.Category("advertising"))
	require.Equal(t, Unknown, s.Category("functional"))
	require.Equal(t, Unknown, s.Category("Analytics"), "names are case-sensitive")
	require.Equal(t, Granted, s.Destination("Amplitude"))
	require.Equal(t, Denied, s.Destination("Google Analytics"))
	require.Equal(t, Unknown, s.Destination("analytics"), "a category is no destination")
	require.Equal(t, map[string]bool{"analytics": true, "advertising": false}, maps.Collect(s.Categories()))
	require.Equal(t, map[string]bool{"Amplitude": true, "Google Analytics": false}, maps.Collect(s.Destinations()))
}

func TestZeroStateDeniesEverything(t *testing.T) {
	var zero State
	require.Equal(t, zero, All(Denied))
	require.Equal(t, Denied, zero.Category("analytics"))
	require.Equal(t, Denied, zero.Destination("Amplitude"))
	require.Equal(t, Denied, zero.Rest())
	require.False(t, zero.AskedByDestination())
	require.Equal(t, zero, zero.WithDestinations(nil))
	require.Equal(t, Denied, zero.WithDestinations(map[string]bool{"Amplitude": true}).Category("analytics"))
	require.NotEqual(t, zero, NewState(nil), "nobody looked, and no answer was found")
}

func TestNoAnswerIsUnknown(t *testing.T) {
	none := NewState(nil)
	require.Equal(t, none, NewState(map[string]bool{}))
	require.Equal(t, none, All(Unknown))
	require.Equal(t, none, none.WithDestinations(nil))
	require.NotEqual(t, none, none.WithDestinations(map[string]bool{}), "asked, though nothing was answered")
	require.Equal(t, Unknown, none.Category("analytics"))
	require.Equal(t, Unknown, none.Rest())
	require.False(t, none.AskedByDestination())
	require.Empty(t, maps.Collect(none.Categories()))
}

func TestAnswered(t *testing.T) {
	for text, want := range map[string]bool{
		"1.?;;": false, "1.-;;": false, "1.+;;": false, "1.~;;": false,
		"1.?;~a;": false, "1.?;;~x": false, "1.~;~a;~x": false,
		"1.?;+a;": true, "1.?;-a;": true, "1.?;~a,-b;": true, "1.?*;;": true, "1.-;+a;": true, "1.?;;-x": true,
	} {
		require.Equal(t, want, state(t, text).Answered(), text)
	}
}

func TestPresumed(t *testing.T) {
	s := state(t, "1.+*;+a,-b;+x,-y").Presume()
	require.Equal(t, "1.~*;~a,-b;~x,-y", s.String())
	require.Equal(t, s, s.Presume())
	require.Equal(t, Granted, s.Category("a"), "a presumed grant opens what any grant opens")
	require.Equal(t, Granted, s.Rest())
	require.Equal(t, map[string]bool{"a": true, "b": false}, maps.Collect(s.Categories()))
	for name, want := range map[string]bool{"a": true, "x": true, "anything": true} {
		require.Equal(t, want, s.Presumed(name), name)
	}
	require.False(t, state(t, "1.?;~a,-b;").Presumed("b"))
	require.False(t, state(t, "1.?;~a;").Presumed("c"))
	require.False(t, state(t, "1.~;+a;").Presumed("a"), "the visitor granted it")
	require.False(t, All(Granted).Presumed("a"))

	require.Equal(t, "1.?*;-b;-y", s.Given().String())
	require.Equal(t, "1.?;+a;+x", state(t, "1.?;+a;+x").Given().String())
	for _, c := range []struct{ a, b, want string }{
		{"1.?;~a;", "1.?;+a;", "1.?;+a;"},
		{"1.?;~a;", "1.?;-a;", "1.?;-a;"},
		{"1.?;~a;", "1.?;+b;", "1.?;~a,+b;"},
		{"1.~;;", "1.?;-a;", "1.~;-a;"},
		{"1.~;;", "1.?;+a;", "1.~;+a;"},
	} {
		require.Equal(t, c.want, state(t, c.a).Restrict(state(t, c.b)).String())
		require.Equal(t, c.want, state(t, c.b).Restrict(state(t, c.a)).String())
	}
	require.Equal(t, "1.?;-a;", state(t, "1.?;-a,~b;").Denials().String())
}

// Decoding does not touch a field that the payload lacks, so decode into a fresh value.
func TestStatesInPayloads(t *testing.T) {
	type job struct {
		User    string `json:"user"`
		Consent State  `json:"consent"`
	}
	for payload, want := range map[string]State{
		`{"user":"u"}`:                       All(Denied),
		`{"user":"u","consent":null}`:        All(Denied),
		`{"user":"u","consent":"1.?;;"}`:     NewState(nil),
		`{"user":"u","consent":"1.?;+a;~x"}`: state(t, "1.?;+a;~x"),
	} {
		var j job
		require.NoError(t, json.Unmarshal([]byte(payload), &j), payload)
		require.Equal(t, want, j.Consent, payload)
		b, err := json.Marshal(j)
		require.NoError(t, err)
		var again job
		require.NoError(t, json.Unmarshal(b, &again))
		require.Equal(t, j, again)
	}
	for _, payload := range []string{`""`, `1`, `{}`, `["1.+;;"]`, `true`, `"1.+"`} {
		s := All(Granted)
		require.ErrorIs(t, json.Unmarshal([]byte(payload), &s), ErrStateText, payload)
		require.Equal(t, All(Denied), s, payload)
	}
	held := All(Granted)
	require.NoError(t, json.Unmarshal([]byte("null"), &held))
	require.Equal(t, All(Denied), held, "a null resets what another visitor answered")
}

func TestStatesInGob(t *testing.T) {
	type session struct {
		User    string
		Consent State
	}
	for _, s := range []State{{}, NewState(nil), All(Granted), state(t, "1.?*;+a,-b;~x")} {
		var b bytes.Buffer
		require.NoError(t, gob.NewEncoder(&b).Encode(session{"u", s}))
		var got session
		require.NoError(t, gob.NewDecoder(&b).Decode(&got))
		require.Equal(t, session{"u", s}, got)
	}
}

func TestStatesInColumns(t *testing.T) {
	for _, s := range []State{{}, NewState(nil), All(Granted), state(t, "1.?*;+a,-b;~x")} {
		column, err := s.Value()
		require.NoError(t, err)
		got := All(Granted)
		require.NoError(t, got.Scan(column))
		require.Equal(t, s, got)
		require.NoError(t, got.Scan([]byte(column.(string))))
		require.Equal(t, s, got)
	}
	s := All(Granted)
	require.NoError(t, s.Scan(nil))
	require.Equal(t, All(Denied), s)
	for _, column := range []any{1, "", "1.", []byte{}, true} {
		s := All(Granted)
		require.ErrorIs(t, s.Scan(column), ErrStateText)
		require.Equal(t, All(Denied), s)
	}
}

func TestAllAnswersEveryName(t *testing.T) {
	for _, c := range []Choice{Unknown, Denied, Granted} {
		require.Equal(t, c, All(c).Category("x"))
		require.Equal(t, c, All(c).Destination("x"))
		require.Equal(t, c, All(c).Rest())
	}
	require.Equal(t, All(Denied), All(Choice(200)), "what is no Choice is no grant")
}

func TestEqualStatesAreEqual(t *testing.T) {
	a := NewState(map[string]bool{"a": true, "b": false}).WithDestinations(map[string]bool{"x": true, "y": true})
	b := NewState(map[string]bool{"b": false, "a": true}).WithDestinations(map[string]bool{"y": true, "x": true})
	require.True(t, a == b)
	require.Equal(t, 1, map[State]int{a: 1}[b])
	require.False(t, a == NewState(map[string]bool{"a": true, "b": false}))
}

func TestStateCopiesItsMaps(t *testing.T) {
	m := map[string]bool{"a": true}
	s := NewState(m).WithDestinations(m)
	m["a"] = false
	require.Equal(t, Granted, s.Category("a"))
	require.Equal(t, Granted, s.Destination("a"))
}

func TestWithDestinationsReplaces(t *testing.T) {
	s := NewState(map[string]bool{"a": true}).WithDestinations(map[string]bool{"x": true})
	require.Equal(t, s, s.WithDestinations(nil))
	s = s.WithDestinations(map[string]bool{"y": false})
	require.Equal(t, Unknown, s.Destination("x"))
	require.Equal(t, Denied, s.Destination("y"))
	require.Equal(t, Granted, s.Category("a"))
}

// state reads the text of a State. The tables below hold texts of version 1, which
// stays readable.
func state(t *testing.T, text string) State {
	t.Helper()
	var s State
	require.NoError(t, s.UnmarshalText([]byte(text)))
	return s
}

func TestRestrict(t *testing.T) {
	for _, c := range []struct{ rule, a, b, want string }{
		{"NewState(nil) changes nothing", "1.?*;+a,-b;+x", "1.?;;", "1.?*;+a,-b;+x"},
		{"denied if either denies", "1.?;+a,-b;", "1.?;-a,+b;", "1.?;-a,-b;"},
		{"granted if either grants and neither denies", "1.?;+a;", "1.?;+b;", "1.?;+a,+b;"},
		{"a name that one lacks is answered by its rest", "1.-;+a;", "1.?;+b;", "1.-;+a,-b;"},
		{"a granted rest does not undo a denial", "1.+;;", "1.?;-a;", "1.+;-a;"},
		{"All(Denied) absorbs", "1.?*;+a;+x", "1.-;;", "1.-;;"},
		{"a denied rest with names does not absorb", "1.-;+a;", "1.?;+a;", "1.-;+a;"},
		{"the mark is set if either has it", "1.?*;;+x", "1.?;;", "1.?*;;+x"},
		{"destinations as categories", "1.?*;;+x,-y", "1.?*;;-x,+y,+z", "1.?*;;-x,-y,+z"},
		{"rests combine", "1.+;;", "1.?;;", "1.+;;"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			require.Equal(t, c.want, state(t, c.a).Restrict(state(t, c.b)).String())
			require.Equal(t, c.want, state(t, c.b).Restrict(state(t, c.a)).String(), "either way round")
		})
	}
}

func TestOr(t *testing.T) {
	for _, c := range []struct{ rule, s, t, want string }{
		{"s alone if its rest is granted", "1.+;;", "1.?;-a;", "1.+;;"},
		{"s alone if its rest is denied", "1.-;+b;", "1.?;+a;", "1.-;+b;"},
		{"categories that s lacks", "1.?;+a;", "1.?;-a,-b;", "1.?;+a,-b;"},
		{"destinations if s was not asked by destination", "1.?;+a;", "1.?*;;+x", "1.?*;+a;+x"},
		{"no destinations if s was", "1.?*;;+x", "1.?*;;-x,+y", "1.?*;;+x"},
		{"the rest of t", "1.?;+a;", "1.-;;", "1.-;+a;"},
		{"NewState(nil) is t", "1.?;;", "1.+*;-a;+x", "1.+*;-a;+x"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			require.Equal(t, c.want, state(t, c.s).Or(state(t, c.t)).String())
		})
	}
}

func TestDenials(t *testing.T) {
	for _, c := range []struct{ s, want string }{
		{"1.?;;", "1.?;;"},
		{"1.+;+a;", "1.?;;"},
		{"1.-;+a;", "1.-;;"},
		{"1.-;+a,-b;", "1.-;-b;"},
		{"1.?*;+a,-b;+x,-y", "1.?;-b;-y"},
	} {
		require.Equal(t, c.want, state(t, c.s).Denials().String())
	}
}

func randomState(r *rand.Rand) State {
	names := []string{"a", "b", "c", "é", "", "a,b", "%41"}
	pick := func() map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			if r.IntN(3) == 0 {
				m[n] = r.IntN(2) == 0
			}
		}
		return m
	}
	s := NewState(pick())
	if r.IntN(2) == 0 {
		s = s.WithDestinations(pick())
	}
	switch r.IntN(8) {
	case 4:
		s = s.Presume()
	case 5:
		s = s.Or(All(Granted).Presume())
	case 0:
		s = s.Or(All(Denied))
	case 1:
		s = s.Or(All(Granted))
	case 2:
		s = s.Denials()
	case 3:
		s = All(Choice(r.IntN(3)))
	}
	return s
}

func TestLawsOfStates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b, c := randomState(r), randomState(r), randomState(r)
		ab := a.Restrict(b)
		require.Equal(t, ab, b.Restrict(a))
		require.Equal(t, a, a.Restrict(a))
		require.Equal(t, a, a.Restrict(NewState(nil)))
		require.Equal(t, All(Denied), a.Restrict(All(Denied)))
		require.Equal(t, a, a.Or(a))
		require.Equal(t, a, NewState(nil).Or(a))
		require.Equal(t, a, a.Or(NewState(nil)))
		if a.Rest() != Denied {
			require.Equal(t, a, a.Restrict(a.Denials()), "a's own denials change nothing")
		}
		for _, name := range []string{"a", "b", "c", "é", "", "a,b", "%41", "other"} {
			if a.Category(name) == Denied || b.Category(name) == Denied {
				require.Equal(t, Denied, ab.Category(name))
				require.NotEqual(t, Granted, ab.Restrict(c).Category(name))
			}
			if a.Destination(name) == Denied || b.Destination(name) == Denied {
				require.Equal(t, Denied, ab.Destination(name))
			}
			if a.Category(name) == Granted {
				require.NotEqual(t, Unknown, a.Restrict(b.Denials()).Category(name))
			}
		}

		text, err := a.MarshalText()
		require.NoError(t, err)
		require.Equal(t, a, state(t, string(text)))
	}
}

func TestStateText(t *testing.T) {
	for _, c := range []struct {
		s    State
		text string
	}{
		{NewState(nil), "1.?;;"},
		{All(Denied), "1.-;;"},
		{All(Granted), "1.+;;"},
		{NewState(nil).WithDestinations(map[string]bool{}), "1.?*;;"},
		{NewState(map[string]bool{"": true}), "1.?;+;"},
		{
			NewState(map[string]bool{"analytics": true, "advertising": false}).
				WithDestinations(map[string]bool{"Amplitude": true, "Google Analytics": false}),
			"1.?*;-advertising,+analytics;+Amplitude,-Google%20Analytics",
		},
		{NewState(map[string]bool{`a;b,c%d"e\f`: true, "日本": false, "\xff\x00\x7f": true}),
			`1.?;+a%3Bb%2Cc%25d%22e%5Cf,-%E6%97%A5%E6%9C%AC,+%FF%00%7F;`},
		{NewState(map[string]bool{"A": true}).Or(All(Denied)), "1.-;+A;"},
	} {
		text, err := c.s.MarshalText()
		require.NoError(t, err)
		require.Equal(t, c.text, string(text))
		require.Equal(t, c.s, state(t, c.text))
	}

	b, err := json.Marshal(map[string]any{"consent": NewState(map[string]bool{"é": true})})
	require.NoError(t, err)
	require.Equal(t, `{"consent":"1.?;+%C3%A9;"}`, string(b))
}

func TestBadStateTextIsAllDenied(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                  "",
		"no version":             "?;;",
		"newer version":          "2.?;;",
		"version with zeros":     "01.?;;",
		"no rest":                "1.;;",
		"unknown rest":           "1.x;;",
		"unknown mark":           "1.?x;;",
		"mark twice":             "1.?**;;",
		"too few sections":       "1.?;",
		"too many sections":      "1.?;;;",
		"answer without a sign":  "1.?;a;",
		"empty answer":           "1.?;+a,;",
		"names out of order":     "1.?;+b,+a;",
		"name twice":             "1.?;+a,-a;",
		"name twice by escaping": "1.?;+%61,+a;",
		"needless escape":        "1.?;+%61;",
		"lower-case escape":      "1.?;+%c3%a9;",
		"escape cut short":       "1.?;+%C;",
		"escape of no digits":    "1.?;+%GG;",
		"escape like the last":   "1.?;+%20,-%2;",
		"no digits like in it":   "1.?;+%20,-%GG;",
		"one digit like in it":   "1.?;+%20,-%2G;",
		"another separator":      "1.?;+a%+b;",
		"a space between":        "1.?;+a +b;",
		"bare space":             "1.?;+a b;",
		"bare byte":              "1.?;+\xc3\xa9;",
		"trailing newline":       "1.?;;\n",
		"over 16 KiB":            "1.?;+" + strings.Repeat("a", 16<<10) + ";",
	} {
		t.Run(name, func(t *testing.T) {
			s := All(Granted)
			if list, ok := strings.CutSuffix(text, ";"); ok { // the same for destinations
				moved := strings.Replace(list, ";", ";;", 1)
				require.ErrorIs(t, s.UnmarshalText([]byte(moved)), ErrStateText, moved)
			}
			s = All(Granted)
			err := s.UnmarshalText([]byte(text))
			require.ErrorIs(t, err, ErrStateText)
			require.Equal(t, All(Denied), s)
			if len(text) > 6 {
				require.NotContains(t, err.Error(), text[5:len(text)-1], "an error never quotes the text")
			}
		})
	}
}

func TestTextLimit(t *testing.T) {
	fits := NewState(map[string]bool{strings.Repeat("a", 16<<10-len("1.?;+;")): true})
	text, err := fits.MarshalText()
	require.NoError(t, err)
	require.Len(t, text, 16<<10)
	require.Equal(t, fits, state(t, string(text)))

	many := map[string]bool{}
	for i := range 10_000 {
		many[fmt.Sprint("name ", i)] = true
	}
	_, err = NewState(many).MarshalText()
	require.ErrorIs(t, err, ErrStateText)
	require.Equal(t, Granted, NewState(many).Category("name 9999"))
}

func TestStateIsSafeForConcurrentUse(t *testing.T) {
	s := NewState(map[string]bool{"a": true}).WithDestinations(map[string]bool{"x": false})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				_ = s.Restrict(s.Or(NewState(map[string]bool{"b": true}))).Category("b")
			}
		})
	}
	wg.Wait()
	require.Equal(t, "1.?*;+a;-x", s.String())
}

func TestStatesAllocateNothingToAnswer(t *testing.T) {
	s := NewState(map[string]bool{"analytics": true, "advertising": false}).WithDestinations(map[string]bool{"Amplitude": true, "Mixpanel": false})
	ctx := NewContext(t.Context(), s)
	text := []byte(s.String())
	for name, c := range map[string]struct {
		allocs float64
		call   func()
	}{
		"All":           {0, func() { _ = All(Denied) }},
		"Category":      {0, func() { _ = s.Category("analytics") }},
		"Destination":   {0, func() { _ = s.Destination("none") }},
		"compare":       {0, func() { _ = s == All(Denied) || s.Answered() }},
		"FromContext":   {0, func() { _ = FromContext(ctx) }},
		"UnmarshalText": {1, func() { _ = new(State).UnmarshalText(text) }},
	} {
		if got := testing.AllocsPerRun(100, c.call); got > c.allocs {
			t.Errorf("%s allocates %v times", name, got)
		}
	}
}

func FuzzStateText(f *testing.F) {
	for _, seed := range []string{"1.?;;", "1.-;;", "1.+*;+a,-b;+x", "1.~*;~a,-b;+x", "1.+;+;~", "1.?;+%C3%A9;", "2.?;;", "1.?;+a,+a;", "1.?;%;", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := All(Granted)
		if err := s.UnmarshalText([]byte(text)); err != nil {
			if s != All(Denied) {
				t.Fatalf("%q: an error, and yet %v", text, s)
			}
			return
		}
		again, err := s.MarshalText()
		if err != nil || string(again) != text {
			t.Fatalf("%q became %q, %v", text, again, err)
		}
		rest, asked := s.head()
		rebuilt := compose(rest, asked, section(maps.Collect(s.Categories())), section(maps.Collect(s.Destinations())))
		if s.Given() == s && rebuilt != s || s.Restrict(s).Or(s) != s { // a map does not tell what is presumed
			t.Fatalf("%q is not canonical: %v", text, rebuilt)
		}
		if p := s.Presume(); p.Presume() != p || s.Given().Given() != s.Given() || p.Denials() != s.Denials() {
			t.Fatalf("%q presumed is %v, given %v", text, p, s.Given())
		}
	})
}
