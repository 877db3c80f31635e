package cookie

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// The oracle reads a value in another, slower way: with a regular expression, net/url and
// encoding/json.

var escapes = regexp.MustCompile(`(%[0-9A-Z]{2})+`)

func oracleUnescape(value string) (string, bool) {
	ok := utf8.ValidString(value)
	decoded := escapes.ReplaceAllStringFunc(value, func(run string) string {
		s, err := url.PathUnescape(run)
		ok = ok && err == nil && utf8.ValidString(s)
		return s
	})
	return decoded, ok
}

// oracleDepth returns how deep a valid document is nested.
func oracleDepth(doc string) int {
	depth, deepest := 0, 0
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

func oracleAnswers(section json.RawMessage) map[string]bool {
	var members map[string]json.RawMessage
	answers := make(map[string]bool)
	if json.Unmarshal(section, &members) == nil {
		for name, value := range members {
			switch string(value) {
			case "true":
				answers[name] = true
			case "false":
				answers[name] = false
			}
		}
	}
	return answers
}

func oracle(value string) (s consent.State, ok bool) {
	doc, ok := oracleUnescape(value)
	if !ok || len(value) > 4096 || !json.Valid([]byte(doc)) || oracleDepth(doc) > 16 {
		return s, false
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal([]byte(doc), &keys) != nil || keys == nil {
		return s, false
	}
	s = consent.NewState(oracleAnswers(keys["custom"]))
	switch destinations := string(keys["destinations"]); {
	case destinations == "", destinations == "null", destinations == "false", destinations == `""`:
	case destinations[0] == '{', destinations[0] == '[':
		s = s.WithDestinations(oracleAnswers(keys["destinations"]))
	case destinations == "true", destinations[0] == '"':
		return s, false
	default:
		digits, _, _ := strings.Cut(strings.ToLower(destinations), "e")
		return s, !strings.ContainsAny(digits, "123456789")
	}
	return s, true
}

func FuzzDecode(f *testing.F) {
	for _, row := range load[struct {
		Value string `json:"cookie_value"`
	}](f, "manager.json") {
		f.Add(row.Value)
	}
	for _, value := range []string{
		"", "{}", "%7B%7D", "{%22destinations%22:[]}", `{"destinations":-0.0e1}`, `{"destinations":""}`, `{"destinations":1}`,
		`{"destinations":{"\ud800":false,"\udc00":true,"\ufffd":true},"custom":{"a":true,"\u0061":1}}`,
		`{"custom":{"a\"\\\/\b\f\n\r\té🎯\ud83c\udfaf":true}}`, nested(16), nested(17), `{"a":[1,-2.5e-3,"x",null,{"b":true}]}`,
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := Decode(value)
		asOracle(t, value, got, err)
		if err != nil {
			return
		}
		written, err := Encode(got)
		if err != nil {
			require.ErrorIs(t, err, ErrNotEncodable)
			require.True(t, got == consent.NewState(nil) || len(value) > 1000, "nothing to write, or escapes that make it too long")
			return
		}
		require.LessOrEqual(t, len(written)+len(DefaultName), 4096)
		again, err := Decode(written)
		require.NoError(t, err)
		require.Equal(t, got.String(), again.String())
		cookies, err := http.ParseCookie(DefaultName + "=" + written)
		require.NoError(t, err)
		require.Equal(t, written, cookies[0].Value, "what net/http takes as it is")
	})
}

// asOracle compares the result of decoding the value with the oracle.
func asOracle(t *testing.T, value string, got consent.State, err error) {
	t.Helper()
	want, ok := oracle(value)
	switch {
	case !ok:
		if !errors.Is(err, ErrMalformed) || got != consent.All(consent.Denied) {
			t.Fatalf("%q is %s, %v", value, got, err)
		}
	case err != nil:
		t.Fatalf("%q is %v, not %s", value, err, want)
	case strings.Contains(want.String()+got.String(), "%EF%BF%BD"):
		// Names with U+FFFD answer more strictly than in encoding/json: no grant is
		// new, no denial is lost.
		for name, granted := range got.Destinations() {
			require.True(t, !granted || want.Destination(name) == consent.Granted)
		}
		for name, granted := range got.Categories() {
			require.True(t, !granted || want.Category(name) == consent.Granted)
		}
		for name, granted := range want.Destinations() {
			require.True(t, granted || got.Destination(name) == consent.Denied)
		}
		for name, granted := range want.Categories() {
			require.True(t, granted || got.Category(name) == consent.Denied)
		}
		require.Equal(t, want.AskedByDestination(), got.AskedByDestination())
	case got != want:
		t.Fatalf("%q is %s, not %s", value, got, want)
	}
}

// With a byte added, removed or changed, a document is read as the oracle reads it.
func TestDecodeReadsEveryByte(t *testing.T) {
	documents := []string{
		"{%22version%22:1%2C%22destinations%22:{%22A%20B%22:true%2C%22C%C3%A9%22:false}%2C%22custom%22:{%22b%22:true%2C%22a%22:false}}",
		`{"destinations":{"a":true,"A":1,"a":false},"custom":{"\u00e9\ud83c\udfaf\"\\\/\b\n":true,"%":null}}`,
		` { "x" : [ -0.5e+10 , [ { } , "y\%22:true%5C%22" ] ] , "destinations" : 0.0e1 , "custom" : { "é" : true } } `,
		`{"custom":{"z":true},"destinations":[false,null],"custom":{"12345678,;":false,"12345678":true}}`,
	}
	pieces := []string{"", "%", "%2", "%22", "%41", "%4G", "%C3", "%A9", "%00", "%5C", "%E2%80", "\xc3", "\xa9"}
	for c := range 0x80 {
		pieces = append(pieces, string(rune(c)))
	}
	for _, document := range documents {
		_, err := decode(document)
		require.NoError(t, err)
		for i := range len(document) + 1 {
			for _, piece := range pieces {
				for _, rest := range []string{document[i:], document[min(i+1, len(document)):]} {
					value := document[:i] + piece + rest
					got, err := decode(value)
					asOracle(t, value, got, err)
				}
			}
		}
	}
}

func FuzzValues(f *testing.F) {
	f.Add("a=1; n=2", "n=3", "n")
	f.Add("n", "=n; \tn \t=\t1;;", "")
	f.Add(DefaultName+`={"custom":{"a":true}}`, `tracking%2Dpreferences={"custom":{"a":false}}`, DefaultName)
	f.Add(strings.Repeat(DefaultName+"={};", 9), "%FF=1;%4G=2", "%")
	f.Fuzz(func(t *testing.T, first, second, name string) {
		r := &http.Request{Header: http.Header{"Cookie": {first, second}}}
		var want []string
		for _, part := range bytes.Split([]byte(first+";"+second), []byte(";")) {
			part = bytes.Trim(part, " \t")
			if held := bytes.SplitN(part, []byte("="), 2); string(held[0]) == name {
				want = append(want, string(bytes.Join(held[1:], nil)))
			}
		}
		require.Equal(t, want, Values(r, name))

		c := Codec{Template: http.Cookie{Name: name}}
		got, err := c.Consent(r)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			require.Equal(t, consent.All(consent.Denied), got)
			return
		}
		require.True(t, utf8.ValidString(name))
		// A grant is in every copy, under whatever spelling of the name.
		copies := 0
		for held, value := range Pairs(r) {
			if decoded, ok := oracleUnescape(held); ok && decoded == c.name() {
				copies++
				s, err := Decode(value)
				require.NoError(t, err)
				for category, granted := range got.Categories() {
					require.True(t, !granted || s.Category(category) == consent.Granted)
				}
				for destination, granted := range got.Destinations() {
					require.True(t, !granted || s.Destination(destination) == consent.Granted)
				}
				for category, granted := range s.Categories() {
					require.True(t, granted || got.Category(category) == consent.Denied)
				}
				for destination, granted := range s.Destinations() {
					require.True(t, granted || got.Destination(destination) == consent.Denied)
				}
				require.True(t, got.AskedByDestination() || !s.AskedByDestination())
			}
		}
		require.LessOrEqual(t, copies, maxCopies)
		require.True(t, copies > 0 || got == consent.NewState(nil))
	})
}
