package cookie

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestOrder(t *testing.T) {
	s := consent.NewState(map[string]bool{"a": true, "b": true, "c": true, "2": true, "10": true, "\xff": true}).
		WithDestinations(map[string]bool{"x": true, "b": false, "a": true})
	for _, test := range []struct {
		rule                     string
		order                    []string
		destinations, categories string
	}{
		{"none: the order of names", nil, `"a":true,"b":false,"x":true`, `"2":true,"10":true,"a":true,"b":true,"c":true,"` + "\uFFFD" + `":true`},
		{"listed names come first, in both objects", []string{"c", "b"}, `"b":false,"a":true,"x":true`, `"2":true,"10":true,"c":true,"b":true,"a":true,"` + "\uFFFD" + `":true`},
		{"array indexes come first whatever is listed", []string{"c", "10", "2"}, `"a":true,"b":false,"x":true`, `"2":true,"10":true,"c":true,"a":true,"b":true,"` + "\uFFFD" + `":true`},
		{"names that are not held are skipped", []string{"zz", "b", ""}, `"b":false,"a":true,"x":true`, `"2":true,"10":true,"b":true,"a":true,"c":true,"` + "\uFFFD" + `":true`},
		{"the first place of a name counts", []string{"b", "c", "b"}, `"b":false,"a":true,"x":true`, `"2":true,"10":true,"b":true,"c":true,"a":true,"` + "\uFFFD" + `":true`},
		{"a name that is not UTF-8 is listed as it is held", []string{"\xff"}, `"a":true,"b":false,"x":true`, `"2":true,"10":true,"` + "\uFFFD" + `":true,"a":true,"b":true,"c":true`},
	} {
		t.Run(test.rule, func(t *testing.T) {
			w := httptest.NewRecorder()
			require.NoError(t, Codec{Order: test.order}.Write(w, nil, s))
			doc, ok := percentDecode(nil, w.Result().Cookies()[0].Value)
			require.True(t, ok)
			require.Equal(t, `{"version":1,"destinations":{`+test.destinations+`},"custom":{`+test.categories+`}}`, string(doc))
		})
	}
}
