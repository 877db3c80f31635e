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
		require.Equal(t, len(x), escape.Span(x))
		require.NotContains(t, x, ",")
		require.Equal(t, len(x), escape.Span(x+","+y), "ends at the comma")
		require.Equal(t, strings.Compare(a, b), escape.Compare(x, y))
		require.Equal(t, strings.Compare(a, b), escape.Compare([]byte(x), []byte(y)))

		shared := escape.Shared(x, y)
		require.Equal(t, x[:shared], y[:shared])
		alike := len(escape.Undo(x[:shared]))
		require.Equal(t, a[:alike], b[:alike])
		require.True(t, alike == len(a) || alike == len(b) || a[alike] != b[alike], "nothing more is alike")
		require.Equal(t, a < b, escape.Before(x, y, shared))
	})
}

func TestSpanEndsAtWhatAppendDoesNotWrite(t *testing.T) {
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
		require.Equal(t, want, escape.Span(s), "%q", s)
		require.Equal(t, want, escape.Span([]byte(s)), "%q", s)
	}
}
