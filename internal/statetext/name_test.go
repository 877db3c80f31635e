package statetext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzNames(f *testing.F) {
	for _, names := range [][2]string{
		{"", ""}, {"", "a"}, {"Amplitude", "Amplitude 2"}, {"a b", "a!b"}, {"a\x00", "a"}, {"é", "è"}, {"a%20b", "a b"},
		{"Destination Number 1", "Destination Number 10"}, {"12345678%", `12345678"`}, {"\xff", "~"}, {" ", "é"},
		{"1234567 ", "1234567\x7f"}, {"1234567 ", "1234567,"}, {"\x9f", "\xa0"}, {",", ";"}, {"a;", "a5"},
	} {
		f.Add(names[0], names[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := string(AppendName(nil, a)), string(AppendName(nil, b))
		require.Equal(t, a, undo(x))
		require.Equal(t, len(x), span([]byte(x)))
		require.NotContains(t, x, ",")
		require.Equal(t, len(x), span([]byte(x+","+y)), "ends at the comma")
		require.Equal(t, strings.Compare(a, b), compare(x, y))
		require.Equal(t, strings.Compare(a, b), compare([]byte(x), []byte(y)))
	})
}

func TestSpanEndsAtInvalidBytes(t *testing.T) {
	for s, want := range map[string]int{
		"":           0,
		"a%":         1,
		"a%2":        1,
		"a%20":       4,
		"a%2c":       1, // lower case
		"a%G0":       1,
		"a%0G":       1,
		"a%41":       1, // needless
		"a b":        1,
		`a"`:         1,
		"%C3%A9\xc3": 6,
	} {
		require.Equal(t, want, span([]byte(s)), "%q", s)
	}
}

// Escaping does not change the order of any two bytes, at the end of a name or within it.
func TestCompareEveryPairOfBytes(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			for _, rest := range []string{"", "z"} {
				x, y := string([]byte{'n', byte(a)})+rest, string([]byte{'n', byte(b)})+rest
				want := strings.Compare(x, y)
				require.Equal(t, want, compare(string(AppendName(nil, x)), string(AppendName(nil, y))), "%q and %q", x, y)
			}
		}
	}
}
