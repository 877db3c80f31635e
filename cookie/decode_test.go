package cookie

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func nested(depth int) string {
	return `{"x":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
}

func TestDecode(t *testing.T) {
	asked := func(m map[string]bool) consent.State { return consent.NewState(nil).WithDestinations(m) }
	type answers = map[string]bool
	tests := []struct {
		rule, value string
		want        consent.State
	}{
		{"literal booleans answer", `{"destinations":{"A":true,"B":false},"custom":{"c":true,"d":false}}`,
			consent.NewState(answers{"c": true, "d": false}).WithDestinations(answers{"A": true, "B": false})},
		{"any other value is no answer", `{"destinations":{"A":"true","B":1,"C":0,"D":null,"E":[],"F":{"A":true},"G":"N/A","H":""}}`, asked(answers{})},
		{"any other value in a category is no answer", `{"custom":{"A":"true","B":1,"C":[true],"D":{"x":true}}}`, consent.NewState(nil)},
		{"names are exact", `{"destinations":{"A":true,"a":false," A":false}}`, asked(answers{"A": true, "a": false, " A": false})},
		{"an empty name is a name", `{"destinations":{"":true}}`, asked(answers{"": true})},
		{"empty destinations mark", `{"destinations":{}}`, asked(answers{})},
		{"a list of destinations marks", `{"destinations":["A",true]}`, asked(answers{})},
		{"null destinations say nothing", `{"destinations":null}`, consent.NewState(nil)},
		{"false destinations say nothing", `{"destinations":false}`, consent.NewState(nil)},
		{"zero destinations say nothing", `{"destinations":-0.0e9}`, consent.NewState(nil)},
		{"empty string destinations say nothing", `{"destinations":""}`, consent.NewState(nil)},
		{"custom that is not an object is ignored", `{"custom":true}`, consent.NewState(nil)},
		{"the version is not read", `{"version":{"x":[2]},"destinations":{"A":true}}`, asked(answers{"A": true})},
		{"keys are exact", `{"Destinations":{"A":true},"CUSTOM":{"A":true},"destination":{"A":true}}`, consent.NewState(nil)},
		{"keys may be escaped", `{"\u0064estinations":{"A":true}}`, asked(answers{"A": true})},
		{"the last of two keys counts", `{"destinations":{"A":true},"destinations":{"B":false}}`, asked(answers{"B": false})},
		{"the last of two keys counts, whatever it is", `{"destinations":{"A":true},"destinations":null}`, consent.NewState(nil)},
		{"a key that would throw is replaced", `{"destinations":true,"destinations":{"A":true}}`, asked(answers{"A": true})},
		{"the last of two names counts", `{"destinations":{"A":true,"B":false,"\u0041":false,"B":true}}`, asked(answers{"A": false, "B": true})},
		{"the last of two names counts, whatever it is", `{"destinations":{"A":true,"A":"x","B":false,"B":0}}`, asked(answers{})},
		{"a surrogate pair is a character", `{"destinations":{"\ud83c\udfaf\uD83C\uDFAF":true}}`, asked(answers{"🎯🎯": true})},
		{"half a pair is lost", `{"destinations":{"\ud800":true}}`, asked(answers{"\uFFFD": true})},
		{"half a pair before an escape is lost alone", `{"destinations":{"\ud800\u0041\udc00\n":true}}`, asked(answers{"\uFFFDA\uFFFD\n": true})},
		{"a lossy name does not undo a denial", `{"destinations":{"\ud800":false,"\ud801":true}}`, asked(answers{"\uFFFD": false})},
		{"a lossy name does not undo an exact denial", `{"destinations":{"\ufffd":false,"\ud801":true}}`, asked(answers{"\uFFFD": false})},
		{"a lossy denial undoes a grant", `{"destinations":{"\ufffd":true,"\ud801":false}}`, asked(answers{"\uFFFD": false})},
		{"a lossy grant does not make an answer", `{"destinations":{"\ufffd":1,"\ud801":true}}`, asked(answers{})},
		{"an exact name does not undo a lossy denial", `{"destinations":{"\ud801":false,"\ufffd":true}}`, asked(answers{"\uFFFD": false})},
		{"lossy names that all grant", `{"destinations":{"\ud801":true,"\ufffd":true,"\udc00":true}}`, asked(answers{"\uFFFD": true})},
		{"the strictest counts even where no name was lossy", `{"destinations":{"a\uFFFD":false,"a\ufffd":true,"\ufffd":true}}`, asked(answers{"a\uFFFD": false, "\uFFFD": true})},
		{"a lossy name that is no answer takes a grant", `{"destinations":{"\ufffd":true,"\ud801":1}}`, asked(answers{})},
		{"every escape", `{"destinations":{"\"\\\/\b\f\n\r\t\u00E9\u00e9":true}}`, asked(answers{"\"\\/\b\f\n\r\téé": true})},
		{"white space", " \t\r\n{ \"destinations\"\t:\r{\n} } \n", asked(answers{})},
		{"numbers", `{"a":0,"b":-1,"c":1.50,"d":1e5,"e":-0.1E-2,"f":10E+1}`, consent.NewState(nil)},
		{"the last section of a name counts", `{"custom":{"a":true},"destinations":{"b":true},"custom":{"c":true},"destinations":{"d":true}}`,
			consent.NewState(answers{"c": true}).WithDestinations(answers{"d": true})},
		{"the last answer for a name counts among many", `{"custom":{"a":false,"b":true,"c":true,"d":true,"e":true,"f":true,"g":true,"a":false,` +
			`"h":true,"i":true,"j":true,"k":true,"l":true,"m":true,"b":false,"a":true}}`,
			consent.NewState(answers{"a": true, "b": false, "c": true, "d": true, "e": true, "f": true, "g": true, "h": true, "i": true, "j": true, "k": true, "l": true, "m": true})},
		{"objects beside each other are not nested", `{"x":[` + strings.Repeat(`{},[],{"y":[1]},`, 20) + `1],"custom":{"a":true}}`, consent.NewState(answers{"a": true})},
		{"16 levels", nested(16), consent.NewState(nil)},
		{"characters that end a line in JavaScript", "{\"custom\":{\"\u2028\x7f\":true}}", consent.NewState(answers{"\u2028\x7f": true})},
		{"a plus is a plus", `{"custom":{"a+b":true}}`, consent.NewState(answers{"a+b": true})},
		{"a percent that starts no escape", `{"custom":{"100%":true,"%zz":true,"%e9":true,"%":true}}`,
			consent.NewState(answers{"100%": true, "%zz": true, "%e9": true, "%": true})},
		{"an escape cut short at the end of the value stays", `{"custom":{"%4":true}}%20`, consent.NewState(answers{"%4": true})},
		{"escapes are decoded once", `{"custom":{"%2541":true}}`, consent.NewState(answers{"%41": true})},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			got, err := Decode(test.value)
			require.NoError(t, err)
			require.Equal(t, test.want.String(), got.String())
		})
	}
}

func TestDecodeRejects(t *testing.T) {
	tests := map[string]string{
		"empty":                                  "",
		"white space":                            " ",
		"true":                                   "true",
		"null":                                   "null",
		"a number":                               "1",
		"a string":                               `"x"`,
		"a list":                                 "[1]",
		"garbage":                                "C0001:1,C0002:0",
		"destinations the script throws on":      `{"destinations":true}`,
		"destinations that are a number":         `{"destinations":0.01}`,
		"destinations JavaScript rounds to zero": `{"destinations":1e-999}`,
		"destinations that are a string":         `{"destinations":"x"}`,
		"lower-case escapes":                     "%7b%7d",
		"an escape of letters after F":           `{"custom":{"%4G":true}}`,
		"an escape of half a character":          `{"custom":{"%C3":true}}`,
		"a character half escaped":               "{\"custom\":{\"\xc3%A9\":true}}",
		"an overlong escape":                     `{"custom":{"%C0%80":true}}`,
		"an escaped surrogate":                   `{"custom":{"%ED%A0%80":true}}`,
		"bytes that are not UTF-8":               "{\"custom\":{\"\xff\":true}}",
		"an escaped NUL in a string":             "{%22%00%22:1}",
		"an escaped NUL after it":                "{}%00",
		"a control character":                    "{\"a\n\":1}",
		"a control character after an escape":    "{\"\\n\n\":1}",
		"an outer pair of quotes":                `"{}"`,
		"two documents":                          "{}{}",
		"a comma too many":                       `{"a":1,}`,
		"a comma too early":                      `{,"a":1}`,
		"a comma in an empty list":               `{"a":[,]}`,
		"a comma at the end of a list":           `{"a":[1,]}`,
		"no comma":                               `{"a":1 "b":2}`,
		"no comma in a list":                     `{"a":[1 2]}`,
		"no colon":                               `{"a" 1}`,
		"no name":                                `{1:2}`,
		"no value":                               `{"a":}`,
		"the wrong end":                          `{"a":1]`,
		"no end":                                 `{"a":1`,
		"no end of a string":                     `{"a`,
		"no end of an escape":                    `{"a\`,
		"no end of a string with an escape":      `{"a\n`,
		"an unknown escape":                      `{"\x41":1}`,
		"an escape of three digits":              `{"\u041":1}`,
		"an escape at the end":                   `{"\u04`,
		"a quote of another kind":                `{'a':1}`,
		"a word":                                 `{"a":undefined}`,
		"half a word":                            `{"a":tru}`,
		"a word and more":                        `{"a":truex}`,
		"a word in capitals":                     `{"a":True}`,
		"a leading zero":                         `{"a":01}`,
		"a leading plus":                         `{"a":+1}`,
		"a minus alone":                          `{"a":-}`,
		"no digit after the point":               `{"a":1.}`,
		"no digit before the point":              `{"a":.1}`,
		"no digit in the exponent":               `{"a":1e+}`,
		"not a number":                           `{"a":NaN}`,
		"a comment":                              `{/**/}`,
		"a byte order mark":                      "\uFEFF{}",
		"a no-break space":                       "{\u00A0}",
		"17 levels":                              nested(17),
		"many levels":                            strings.Repeat(`{"a":`, 800),
		"4097 bytes":                             "{}" + strings.Repeat(" ", 4095),
		"20 MB":                                  strings.Repeat("%7B", 7<<20),
	}
	for rule, value := range tests {
		t.Run(rule, func(t *testing.T) {
			got, err := Decode(value)
			require.ErrorIs(t, err, ErrMalformed)
			require.Equal(t, consent.All(consent.Denied), got)
		})
	}
	_, err := Decode("{}" + strings.Repeat(" ", 4094))
	require.NoError(t, err)
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	for value, what := range map[string]string{
		"":                        "not a JSON object",
		"1":                       "not a JSON object",
		"%4G":                     "percent-encoding",
		"%C3":                     "percent-encoding",
		`{"a%C3":1}`:              "percent-encoding",
		"{\"\xff\":1}":            "percent-encoding",
		`{"a":tru}`:               "not JSON",
		"{}{}":                    "not JSON",
		nested(17):                "too deep",
		`{"destinations":true}`:   "throws",
		strings.Repeat(" ", 4097): "longer",
	} {
		_, err := Decode(value)
		require.ErrorIs(t, err, ErrMalformed)
		require.ErrorContains(t, err, what, "%.20q", value)
	}
}

func TestErrorsDoNotHoldTheValue(t *testing.T) {
	for _, value := range []string{`{"secret`, `{"secret":secret}`, "secret", `{"destinations":"secret"}`, "%FFsecret"} {
		_, err := Decode(value)
		require.ErrorIs(t, err, ErrMalformed)
		require.NotContains(t, err.Error(), "secret")
	}
}
