package escape_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/internal/escape"
)

func FuzzNames(f *testing.F) {
	for _, names := range [][2]string{
		{"", ""}, {"", "a"}, {"Amplitude", "Amplitude 2"}, {"a b", "a!b"}, {"a\x00", "a"}, {"é", "è"}, {"a%20b", "a b"},
		{"Destination Number 1", "Destination Number 10"}, {"12345678%", `12345678"`}, {"\xff", "~"}, {" ", "é"}, {"1234567 ", "1234567\x7f"}, {"1234567 ", "1234567,"},
	} {
		f.Add(names[0], names[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := string(escape.Append(nil, a)), string(escape.Append(nil, b))
		require.Equal(t, a, escape.Undo(x))
		require.NotContains(t, x, ",")
		require.Equal(t, strings.Compare(a, b), escape.Compare(x, y))
		require.Equal(t, strings.Compare(a, b), escape.Compare([]byte(x), []byte(y)))
		for _, rest := range []string{"", ",", "," + x, "%", "%2", "%41", "é"} {
			end, after := escape.Next([]byte(x), []byte(y+rest))
			require.Equal(t, len(y), end, "it ends where something else begins")
			require.Equal(t, a < b, after)
		}
	})
}

func TestNextEndsAtWhatAppendDoesNotWrite(t *testing.T) {
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
		for _, previous := range []string{"", "a", "a%20", "a%C3%A9", "%C3", "%C3%A9", "b"} {
			end, _ := escape.Next([]byte(previous), []byte(s))
			require.Equal(t, want, end, "%q after %q", s, previous)
		}
	}
}
