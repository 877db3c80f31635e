package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// writes is a value whose JSON is its text, and that counts how often it is marshaled.
type writes struct {
	text  string
	asked *int
}

func (w writes) MarshalJSON() ([]byte, error) { *w.asked++; return []byte(w.text), nil }

func TestFalseInJSONBecomesFalse(t *testing.T) {
	type boolean bool
	asked, no := 0, false
	pointer := &no
	var boxed any = &pointer
	for _, value := range []any{
		false, boolean(false), &no, &pointer, &boxed, json.RawMessage("false"), json.RawMessage(" false\n"),
		writes{"false", &asked}, &writes{" false ", &asked},
	} {
		given := map[string]any{"A": value}
		frozen, _, err := Freeze(given)
		require.NoError(t, err)
		require.Equal(t, map[string]any{"A": false}, frozen, "%T", value)
		require.Equal(t, map[string]any{"A": value}, given)
	}
	require.Equal(t, 2, asked)
	for _, value := range []any{nil, true, 0, "false", (*bool)(nil), json.RawMessage("null"), writes{"0", &asked}, map[string]any{}} {
		frozen, _, err := Freeze(map[string]any{"A": value})
		require.NoError(t, err)
		require.NotEqual(t, map[string]any{"A": false}, frozen, "%T", value)
	}
}

func TestMarshalJSONIsCalledOnce(t *testing.T) {
	asked := 0
	frozen, _, err := Freeze(map[string]any{"a": []any{map[string]any{"b": writes{`{"c":1}`, &asked}}}})
	require.NoError(t, err)
	for range 2 {
		frozen, _, err = Freeze(frozen)
		require.NoError(t, err)
		_, err = json.Marshal(frozen)
		require.NoError(t, err)
	}
	require.Equal(t, 1, asked)
}

type bad struct{ do func() ([]byte, error) }

func (b bad) MarshalJSON() ([]byte, error) { return b.do() }

func TestValuesWithoutJSON(t *testing.T) {
	round := map[string]any{}
	round["self"] = []any{round}
	deep := any("x")
	for range maxNesting + 2 {
		deep = []any{deep}
	}
	for name, value := range map[string]any{
		"panic": bad{func() ([]byte, error) { panic("secret") }}, "error": bad{func() ([]byte, error) { return nil, errors.New("secret") }},
		"not JSON": bad{func() ([]byte, error) { return []byte("secret"), nil }}, "channel": make(chan int), "circle": round, "deep": deep,
		"number": math.NaN(), "raw": json.RawMessage(`{"secret`), "year": time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		_, _, err := Freeze(map[string]any{"a": value})
		require.ErrorIs(t, err, ErrNoJSON, name)
		require.NotContains(t, err.Error(), "secret")
	}
}

// The bound holds when every field of every type is as long in JSON as it can be.
func TestSizeIsNeverTooSmall(t *testing.T) {
	for _, given := range examples() {
		for _, text := range []string{"", "a", "\x01", "<", "\xff", "\u2028", "é", "\"\\"} {
			m, _ := Open(given)
			*m.Context = m.Own
			fill(reflect.ValueOf(m.Own).Elem(), strings.Repeat(text, 20))
			fill(reflect.ValueOf(m.Pointer()).Elem(), strings.Repeat(text, 20))
			require.Equal(t, strings.Repeat(text, 20), *m.UserID)
			*m.Type, *m.MessageID = "identify", ""
			if m.Object != nil {
				*m.Object = hostile(text)
			}
			*m.Integrations, m.Own.Traits, m.Own.Extra = hostile(text), hostile(text), hostile(text)
			size, _, err := freeze(m, NotFrozen)
			require.NoError(t, err)
			*m.MessageID = strings.Repeat("x", 36)
			got, err := json.Marshal(m.Pointer())
			require.NoError(t, err)
			require.GreaterOrEqual(t, size, len(got), "%T of %q", given, text)
		}
	}
}

// Without maps, whose bound is loose, only the constants separate the bound from the size: none of
// them is larger than necessary.
func TestMessageSizesAreNeeded(t *testing.T) {
	for _, given := range examples() {
		m, _ := Open(given)
		*m.Context = m.Own
		fill(reflect.ValueOf(m.Own).Elem(), "\x01\x01")
		fill(reflect.ValueOf(m.Pointer()).Elem(), "\x01\x01")
		*m.Type, *m.MessageID, *m.Integrations, m.Own.Traits, m.Own.Extra = "identify", "", nil, nil, nil
		if m.Object != nil {
			*m.Object = nil
		}
		size, _, err := freeze(m, NotFrozen)
		require.NoError(t, err)
		*m.MessageID = strings.Repeat("x", 36)
		got, err := json.Marshal(m.Pointer())
		require.NoError(t, err)
		require.GreaterOrEqual(t, size, len(got))
		require.Less(t, size-headSize, len(got), "%T: the head is not needed", given)
		require.Less(t, size-contextSize, len(got), "%T: the room of a Context is not needed", given)
	}
}

// fill sets every field to a value that is as long in JSON as it can be.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(time.Date(9999, 12, 31, 23, 59, 59, 123456789, time.FixedZone("", -23*60*60-59*60))))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(math.MinInt64)
	case reflect.Float64:
		v.SetFloat(-math.MaxFloat64)
	case reflect.Slice:
		v.Set(reflect.ValueOf(net.ParseIP("1111:2222:3333:4444:5555:6666:7777:8888")))
	case reflect.Map, reflect.Pointer: // set by the caller
	default:
		panic("analytics-go has a field of another kind: " + v.Type().String())
	}
}

func hostile(text string) map[string]any {
	name := strings.Repeat(text, 7)
	return map[string]any{
		name + "nil": nil, name + "bool": false, name + "text": name, name + "int": math.MinInt64, name + "uint": uint64(math.MaxUint64),
		name + "float": -math.MaxFloat64, name + "small": -5e-324, name + "float32": float32(-1.17549435e-38),
		name + "time": time.Date(9999, 12, 31, 23, 59, 59, 123456789, time.FixedZone("", 3600)), name + "texts": []string{name, name, ""}, name + "none": []string(nil),
		name + "bools": map[string]bool{name: false, "": false}, name + "map": map[string]any{"": map[string]any{}, "n": map[string]any(nil)},
		name + "list": []any{nil, false, name, []any{}, []any(nil), 1}, name + "own": struct{ A string }{name}, name + "raw": json.RawMessage(`{"a": "<&>` + "\u2028" + `"}`),
		name + "bytes": []byte(name), name + "json": JSON{}, name + "number": json.Number("1"),
	}
}

// A field that analytics-go adds to its Context must be listed in freezer.context. A text that is
// not listed is not counted, and a number or a name makes contextSize too small.
func TestEveryFieldOfAContextIsCounted(t *testing.T) {
	var empty analytics.Context
	var f freezer
	f.context(&empty)
	none := f.size
	eachText(reflect.ValueOf(new(analytics.Context)).Elem(), "Context", func(path string, text reflect.Value, c *analytics.Context) {
		text.SetString(strings.Repeat("\x01", 100))
		var f freezer
		f.context(c)
		require.Equal(t, none+600, f.size, "%s is not listed", path)
		text.SetString("")
	})

	var full analytics.Context
	fill(reflect.ValueOf(&full).Elem(), "x")
	full.Traits = analytics.Traits{"": 0}
	text, err := json.Marshal(full)
	require.NoError(t, err)
	texts := len(`{"":0}`)
	eachText(reflect.ValueOf(new(analytics.Context)).Elem(), "Context", func(string, reflect.Value, *analytics.Context) { texts++ })
	require.GreaterOrEqual(t, contextSize, len(text)-texts)
	require.Less(t, contextSize-(len(text)-texts), len(`,"x":0`), "contextSize is larger than it needs to be: a new field would not be noticed")
}

// eachText calls visit for every string of the Context at root.
func eachText(v reflect.Value, path string, visit func(path string, text reflect.Value, root *analytics.Context)) {
	root := v.Addr().Interface().(*analytics.Context)
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.String:
			visit(path, v, root)
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), fmt.Sprint(path, ".", v.Type().Field(i).Name))
			}
		}
	}
	walk(v, path)
}

// A frozen message is the same on the wire as one that is not.
func TestFreezingChangesNoJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		given := map[string]any{"a": random(r, 4), "b": random(r, 4)}
		want, err := json.Marshal(given)
		require.NoError(t, err)
		frozen, size, err := Freeze(given)
		require.NoError(t, err)
		got, err := json.Marshal(frozen)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(got))
		require.GreaterOrEqual(t, size, len(got))
	}
}

func random(r *rand.Rand, depth int) any {
	all := hostile(string(rune('a' + r.IntN(3))))
	values := make([]any, 0, len(all))
	for _, v := range all {
		values = append(values, v)
	}
	n := r.IntN(len(values) + 2)
	switch {
	case depth > 0 && n == len(values):
		return []any{random(r, depth-1), random(r, depth-1)}
	case depth > 0 && n > len(values):
		return map[string]any{"<": random(r, depth-1), "b": random(r, depth-1)}
	}
	return values[n%len(values)]
}

func TestMadeJSONIsNotEncodedAgain(t *testing.T) {
	ready, err := MakeJSON(map[string]any{"a<": []int{1, 2}})
	require.NoError(t, err)
	given := map[string]any{"consent": ready}
	frozen, size, err := Freeze(given)
	require.NoError(t, err)
	require.Equal(t, given, frozen)
	text, err := json.Marshal(frozen)
	require.NoError(t, err)
	require.Equal(t, `{"consent":{"a\u003c":[1,2]}}`, string(text))
	require.GreaterOrEqual(t, size, len(text))
	require.EqualValues(t, 0, testing.AllocsPerRun(100, func() { _, _, _ = Freeze(given) }))
	_, err = MakeJSON(make(chan int))
	require.Error(t, err)
}

func TestSizeOfFrozenIntegrationsIsUsed(t *testing.T) {
	asked := 0
	m := track()
	*m.Integrations = analytics.Integrations{"A": writes{"true", &asked}}
	size, _, err := freeze(m, 1000)
	require.NoError(t, err)
	require.Zero(t, asked)
	without := track()
	less, _, err := freeze(without, 0)
	require.NoError(t, err)
	require.Equal(t, 1000, size-less)
}
