package cookie

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValues(t *testing.T) {
	tests := []struct {
		rule  string
		lines []string
		want  []string
	}{
		{"no header", nil, nil},
		{"no cookie of that name", []string{"a=1; N=2; nn=3; n =4"}, nil},
		{"every copy, in order", []string{"n=1; a=2; n=3", "n=4"}, []string{"1", "3", "4"}},
		{"the first equals sign cuts", []string{"n=a=b=="}, []string{"a=b=="}},
		{"no equals sign: an empty value", []string{"n; n="}, []string{"", ""}},
		{"space and tab around the pair go", []string{" \tn= a\t ;n=b"}, []string{" a", "b"}},
		{"other white space stays", []string{"n=a\u00A0;n=b\r"}, []string{"a\u00A0", "b\r"}},
		{"quotes, backslashes and any bytes stay", []string{`n="a\b"; n={"a":1,"b":2}`, "n=\xff\x00é"}, []string{`"a\b"`, `{"a":1,"b":2}`, "\xff\x00é"}},
		{"more pairs than net/http takes", []string{strings.Repeat(";", 5000) + "n=1"}, []string{"1"}},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			require.Equal(t, test.want, Values(&http.Request{Header: http.Header{"Cookie": test.lines}}, "n"))
		})
	}
	require.Nil(t, Values(nil, "n"))
	require.Nil(t, Values(&http.Request{}, "n"))
}

func TestValuesOfAHugeHeader(t *testing.T) {
	const size = 20 << 20
	for _, part := range []string{"n=1;", ";", "=", " ", "n", "%41", "n=%7B"} {
		r := &http.Request{Header: http.Header{"Cookie": {strings.Repeat(part, size/len(part))}}}
		n := len(Values(r, "n"))
		require.Equal(t, part == "n=1;", n > 1)
		require.LessOrEqual(t, n, size/len(part))
	}
}
