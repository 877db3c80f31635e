package cookie

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

type reads struct {
	Destinations, Custom any
}

// state returns the State of what the script reads: literal booleans only.
func (r reads) state() consent.State {
	booleans := func(v any) map[string]bool {
		m := make(map[string]bool)
		object, _ := v.(map[string]any)
		for name, value := range object {
			if granted, ok := value.(bool); ok {
				m[name] = granted
			}
		}
		return m
	}
	s := consent.NewState(booleans(r.Custom))
	switch r.Destinations.(type) {
	case map[string]any, []any:
		s = s.WithDestinations(booleans(r.Destinations))
	}
	return s
}

func load[T any](t testing.TB, name string) (rows []T) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &rows))
	require.NotEmpty(t, rows)
	return rows
}

// differences are the captured headers that are deliberately not read as the
// script reads them.
var differences = map[string]struct {
	why string
	err error
	is  consent.State
}{
	"type: deep nesting 60":   {why: "nesting is limited", err: ErrMalformed},
	"type: destinations true": {why: "the script throws: nothing loads, and no banner appears", err: ErrMalformed},
	"type: destinations 1":    {why: "the script throws: nothing loads, and no banner appears", err: ErrMalformed},
	"name: no equals sign":    {why: "an empty value cannot be read", err: ErrMalformed},
	"type: {}":                {why: "readable, and without an answer", is: consent.NewState(nil)},
	`type: {"version":1}`:     {why: "readable, and without an answer", is: consent.NewState(nil)},
	"type: bare map (no envelope)": {
		why: "readable, and without an answer", is: consent.NewState(nil)},
	"type: Destinations capital key":          {why: "readable, and without an answer", is: consent.NewState(nil)},
	"name: lower-case percent-encoded hyphen": {why: "a cookie of another name", is: consent.NewState(nil)},
	"__Host- prefix irrelevant":               {why: "a cookie of another name", is: consent.NewState(nil)},
	"dup: path / then /p (longer path first in header)": {
		why: "the header is of a request for /, the script ran on a page below /p",
		is:  consent.NewState(nil).WithDestinations(map[string]bool{"Amplitude": false})},
	"HttpOnly cookie invisible to library": {
		why: "a header does not show that a cookie is HttpOnly",
		is:  consent.NewState(nil).WithDestinations(map[string]bool{"Amplitude": true})},
}

// Every captured header is sent over a real connection to a handler that compares it.
func TestConsentReadsCapturedHeadersAsTheScript(t *testing.T) {
	type result struct {
		state consent.State
		err   error
	}
	results := make(chan result, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := Codec{}.Consent(r)
		results <- result{s, err}
	}))
	defer server.Close()
	used := make(map[string]bool)
	for _, row := range load[struct {
		Name   string
		Header string `json:"cookie_header_hex"`
		Reads  reads  `json:"library_reads"`
	}](t, "decode.json") {
		t.Run(row.Name, func(t *testing.T) {
			header, err := hex.DecodeString(row.Header)
			require.NoError(t, err)
			request, err := http.NewRequest("GET", server.URL, nil)
			require.NoError(t, err)
			request.Header["Cookie"] = []string{string(header)}
			response, err := server.Client().Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, http.StatusOK, response.StatusCode)
			got := <-results

			want := result{state: row.Reads.state()}
			if row.Reads == (reads{}) {
				want.err = ErrMalformed
			}
			if d, ok := differences[row.Name]; ok {
				used[row.Name] = true
				require.NotEmpty(t, d.why)
				want = result{d.is, d.err}
			}
			require.ErrorIs(t, got.err, want.err)
			if want.err != nil {
				want.state = consent.All(consent.Denied)
			}
			require.Equal(t, want.state.String(), got.state.String())
		})
	}
	require.Len(t, used, len(differences), "a difference that no header shows")
}

func TestDecodeReadsWhatTheConsentManagerWrote(t *testing.T) {
	exact := 0
	for _, row := range load[struct {
		Name, Version string
		Value         string `json:"cookie_value"`
		Reads         reads  `json:"library_reads"`
	}](t, "manager.json") {
		t.Run(row.Version+" "+row.Name, func(t *testing.T) {
			s, err := Decode(row.Value)
			if row.Reads.Destinations == true {
				require.ErrorIs(t, err, ErrMalformed) // the script throws
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.Reads.state().String(), s.String())

			value, err := Encode(s)
			if s == consent.NewState(nil) {
				require.ErrorIs(t, err, ErrNotEncodable)
				return
			}
			require.NoError(t, err)
			if value == row.Value {
				exact++
			}
			again, err := Decode(value)
			require.NoError(t, err)
			require.Equal(t, s, again)
		})
	}
	// The others have categories in the order of the page, values that are not
	// boolean, or were not written by the script.
	require.NotZero(t, exact)
}

func TestEncodeWritesTheBytesOfJSCookie(t *testing.T) {
	names, states, whole := 0, 0, 0
	for _, row := range load[struct {
		Name, JSON string
		Value      string `json:"cookie_value"`
	}](t, "encode.json") {
		t.Run(row.Name, func(t *testing.T) {
			plain := row.JSON // of a string, js-cookie writes the string itself
			if strings.HasPrefix(row.JSON, `"`) {
				require.NoError(t, json.Unmarshal([]byte(row.JSON), &plain))
				require.NotContains(t, plain, "\uFFFD")
			}
			require.Equal(t, row.Value, string(percentEncode(nil, plain, valueRaw)))

			var object map[string]any
			if json.Unmarshal([]byte(row.JSON), &object) != nil {
				return
			}
			for name, value := range object {
				switch value := value.(type) {
				case bool: // a name by itself
					if strings.Contains(name, "\uFFFD") || len(object) > 1 {
						break
					}
					names++
					got, err := Encode(consent.NewState(nil).WithDestinations(map[string]bool{name: value}))
					require.NoError(t, err)
					require.Equal(t, "{%22version%22:1%2C%22destinations%22:"+row.Value+"}", got)
				case string: // a string by itself
					if strings.Contains(value, "\uFFFD") || len(object) > 1 {
						break
					}
					require.Equal(t, row.JSON, `{"`+name+`":`+string(appendJSON(nil, value))+`}`)
				}
			}
			if object["version"] == nil {
				return
			}
			states++
			s, err := Decode(row.Value)
			require.NoError(t, err)
			require.Equal(t, reads{object["destinations"], object["custom"]}.state().String(), s.String())
			got, err := Encode(s)
			require.NoError(t, err)
			if !strings.Contains(row.JSON, `:"`) && !strings.Contains(row.JSON, "null") && !strings.Contains(row.JSON, `"custom":{}`) {
				whole++
				require.Len(t, got, len(row.Value), "the same but for the order of names")
			}
			again, err := Decode(got)
			require.NoError(t, err)
			require.Equal(t, s, again)
		})
	}
	require.Greater(t, names, 80)
	require.Greater(t, states, 20)
	require.Greater(t, whole, 10)
}

// unrepeatable are the kinds of captured values that Write does not repeat byte for
// byte.
var unrepeatable = map[string]string{
	"a value is not a boolean":       "which is no answer, so it is not written",
	"no answer at all":               "a cookie not to write",
	"another encoding":               "set by the test that captured it, not by the script",
	"half a surrogate pair":          "which has no UTF-8",
	"destinations the script throws": "unreadable",
}

func TestWriteRepeatsTheBytesOfTheConsentManager(t *testing.T) {
	exact, used := 0, make(map[string]int)
	for _, row := range load[struct {
		Name, Version string
		Value         string `json:"cookie_value"`
	}](t, "manager.json") {
		t.Run(row.Version+" "+row.Name, func(t *testing.T) {
			doc, ok := percentDecode(nil, row.Value)
			require.True(t, ok)
			s, err := Decode(row.Value)
			var why string
			switch {
			case err != nil:
				why = "destinations the script throws"
			case s == consent.NewState(nil):
				why = "no answer at all"
			case string(percentEncode(nil, string(doc), valueRaw)) != row.Value:
				why = "another encoding"
			case strings.Contains(string(doc), `\ud`):
				why = "half a surrogate pair"
			case !onlyBooleans(t, doc):
				why = "a value is not a boolean"
			}
			codec := Codec{Order: namesOf(t, doc)}
			w := httptest.NewRecorder()
			err = codec.Write(w, nil, s)
			written := ""
			if set := w.Result().Cookies(); len(set) > 0 {
				require.NoError(t, err)
				written = set[0].Value
			}
			if why == "" {
				require.Equal(t, row.Value, written)
				exact++
				return
			}
			require.NotEqual(t, row.Value, written, "no exception any more: %s", why)
			require.Contains(t, unrepeatable, why)
			used[why]++
		})
	}
	require.Equal(t, 33, exact)
	require.Len(t, used, len(unrepeatable), "an exception that no value shows")
}

// namesOf lists the names in a captured document as they stand there, those of
// both its objects.
func namesOf(t *testing.T, doc []byte) (list []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(doc)))
	depth, name := 0, false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return list
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case json.Delim:
			if token == '{' {
				depth++
			} else if token == '}' {
				depth--
			}
			name = true
		case string:
			if name && depth == 2 {
				list = append(list, token)
			}
			name = !name
		default:
			name = true
		}
	}
}

func onlyBooleans(t *testing.T, doc []byte) bool {
	t.Helper()
	var p struct{ Destinations, Custom map[string]any }
	if json.Unmarshal(doc, &p) != nil {
		return false
	}
	for _, section := range []map[string]any{p.Destinations, p.Custom} {
		for _, value := range section {
			if _, ok := value.(bool); !ok {
				return false
			}
		}
	}
	return !strings.Contains(string(doc), ":null")
}
