package cookie

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestEncode(t *testing.T) {
	type answers = map[string]bool
	tests := []struct {
		rule  string
		state consent.State
		want  string
	}{
		{"both sections", consent.NewState(answers{"ads": false}).WithDestinations(answers{"Amplitude": true}),
			"{%22version%22:1%2C%22destinations%22:{%22Amplitude%22:true}%2C%22custom%22:{%22ads%22:false}}"},
		{"no destinations unless asked", consent.NewState(answers{"ads": true}), "{%22version%22:1%2C%22custom%22:{%22ads%22:true}}"},
		{"asked without answers", consent.NewState(nil).WithDestinations(answers{}), "{%22version%22:1%2C%22destinations%22:{}}"},
		{"array indexes come first, in order", consent.NewState(answers{"10": true, "2": true, "b": true, "a": true, "-1": true, "01": true, "4294967294": true, "4294967295": true, "0": true}),
			"{%22version%22:1%2C%22custom%22:{%220%22:true%2C%222%22:true%2C%2210%22:true%2C%224294967294%22:true%2C" +
				"%22-1%22:true%2C%2201%22:true%2C%224294967295%22:true%2C%22a%22:true%2C%22b%22:true}}"},
		{"names are in the order of their UTF-16", consent.NewState(answers{"Z": true, "a": true, "ab": true, "\uFF21": true, "\uD7FF": true, "🎯": true}),
			"{%22version%22:1%2C%22custom%22:{%22Z%22:true%2C%22a%22:true%2C%22ab%22:true%2C" +
				"%22%ED%9F%BF%22:true%2C%22%F0%9F%8E%AF%22:true%2C%22%EF%BC%A1%22:true}}"},
		{"what is not UTF-8 is replaced", consent.NewState(answers{"a\xff": true}), "{%22version%22:1%2C%22custom%22:{%22a%EF%BF%BD%22:true}}"},
		{"names replaced alike: a denial counts", consent.NewState(answers{"\xfd": true, "\xfe": false, "\xff": true}),
			"{%22version%22:1%2C%22custom%22:{%22%EF%BF%BD%22:false}}"},
		{"nothing is escaped for HTML", consent.NewState(answers{"<&>'": true}), "{%22version%22:1%2C%22custom%22:{%22<&>'%22:true}}"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			got, err := Encode(test.state)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestEncodeRejects(t *testing.T) {
	var unmarked consent.State
	require.NoError(t, unmarked.UnmarshalText([]byte("1.?;;+A")))
	many := make(map[string]bool)
	for i := range 10_000 {
		many[fmt.Sprint("name ", i)] = true
	}
	for rule, s := range map[string]consent.State{
		"no answer":                        consent.NewState(nil),
		"presumed grants":                  consent.NewState(map[string]bool{"a": true}).Presume(),
		"everything denied":                consent.All(consent.Denied),
		"everything granted":               consent.All(consent.Granted),
		"a rest beside names":              consent.NewState(map[string]bool{"a": true}).Or(consent.All(consent.Denied)),
		"destinations that were not asked": unmarked,
		"10,000 names":                     consent.NewState(many),
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := Encode(s)
			require.ErrorIs(t, err, ErrNotEncodable)
			require.Empty(t, got)
		})
	}
}

func TestEncodeTakesNameAndValueUpTo4096Bytes(t *testing.T) {
	overhead := len(DefaultName) + len("{%22version%22:1%2C%22custom%22:{%22%22:true}}")
	fits := strings.Repeat("x", 4096-overhead)
	value, err := Encode(consent.NewState(map[string]bool{fits: true}))
	require.NoError(t, err)
	require.Len(t, value, 4096-len(DefaultName))
	_, err = Encode(consent.NewState(map[string]bool{fits + "x": true}))
	require.ErrorIs(t, err, ErrNotEncodable)
}
