package usprivacy_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/usprivacy"
)

var (
	none   = consent.NewState(nil)
	noSale = consent.NewState(map[string]bool{"sale": false})
)

func TestSource(t *testing.T) {
	conformance.TestSource(t, func() usprivacy.Source { return usprivacy.Source{} }, conformance.SourceExamples{
		Answers: []conformance.SourceAnswer{
			{Header: http.Header{"Cookie": {"usprivacy=1YYN"}}, State: noSale},
			{Header: http.Header{"Cookie": {"us_privacy=1YYN"}}, State: noSale},
			{Header: http.Header{"Cookie": {"usprivacy=%7B%22uspString%22%3A%221YYN%22%2C%22optOutDate%22%3Anull%7D"}}, State: noSale},
		},
		Malformed: []http.Header{
			{"Cookie": {"usprivacy=2YYNN"}},
			{"Cookie": {"usprivacy=1YNN; us_privacy=1NOPE"}},
			{"Cookie": {"usprivacy=%7B%22uspString%22%3A%221YYN%22"}},
		},
	})
}

func TestConsentReadsCapturedCookies(t *testing.T) {
	var captures []struct {
		Name       string
		Headers    map[string]string
		Decision   string
		Categories map[string]bool
		Vendors    map[string]bool
	}
	data, err := os.ReadFile("testdata/captured.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &captures))
	require.NotEmpty(t, captures)
	for _, c := range captures {
		t.Run(c.Name, func(t *testing.T) {
			want := none
			if c.Decision == "given" {
				require.Equal(t, map[string]bool{"sale": false}, c.Categories)
				want = noSale
			}
			got, err := usprivacy.Source{}.Consent(request(c.Headers["Cookie"]))
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Empty(t, c.Vendors)
		})
	}
}

func request(cookies string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {cookies}}}
}

func TestConsent(t *testing.T) {
	for name, test := range map[string]struct {
		source  usprivacy.Source
		cookies string
		want    consent.State
	}{
		"no cookie":                       {cookies: "a=b", want: none},
		"opted out without notice":        {cookies: "usprivacy=1NYN", want: noSale},
		"small letters":                   {cookies: "usprivacy=1yyn", want: noSale},
		"five characters":                 {cookies: "usprivacy=1YYNN", want: noSale},
		"in double quotes":                {cookies: `usprivacy="1YYN"`, want: noSale},
		"JSON as it is":                   {cookies: `usprivacy={"uspString":"1YYN","optOutDate":null}`, want: noSale},
		"two copies that differ":          {cookies: "usprivacy=1YNN; usprivacy=1YYN", want: noSale},
		"both names, one opted out":       {cookies: "usprivacy=1YNN; us_privacy=1YYN", want: noSale},
		"a name alone":                    {source: usprivacy.Source{Name: "us_privacy"}, cookies: "usprivacy=1YYN; us_privacy=1YNN", want: none},
		"another name":                    {source: usprivacy.Source{Name: "ccpa"}, cookies: "ccpa=1YYN", want: noSale},
		"mapped":                          {source: usprivacy.Source{Purposes: map[string]string{"sale": "ads"}}, cookies: "usprivacy=1YYN", want: consent.NewState(map[string]bool{"ads": false})},
		"mapped to an empty name":         {source: usprivacy.Source{Purposes: map[string]string{"sale": "\t"}}, cookies: "usprivacy=1YYN", want: consent.All(consent.Denied)},
		"mapped, and no answer":           {source: usprivacy.Source{Purposes: map[string]string{"sale": "ads"}}, cookies: "usprivacy=1YNN", want: none},
		"an opt-out of something unknown": {source: usprivacy.Source{Purposes: map[string]string{"sharing": "ads"}}, cookies: "usprivacy=1YYN", want: noSale},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.source.Consent(request(test.cookies))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

var malformed = []string{
	"", "1", "1YN", "1YNNNN", "2YNN", "0YNN", "YYNN", "1YXN", "1YNNX", "1 YN", " 1YNN", "1YNN ", "1YN\x00", "1YÑN",
	"{", "{}", "{]", "[]", "null", `{"uspString":null}`, `{"uspString":1}`, `{"USPSTRING":"1YNN"}`, `{"uspString":"1YXN"}`, `{"uspString":{"uspString":"1YYN"}}`,
	`"1YNN`, `{"uspString":"1YYN"}{}`, strings.Repeat("{\"a\":", 800), strings.Repeat("1", 1<<20), strings.Repeat("%", 1<<20),
}

func TestConsentFailsClosed(t *testing.T) {
	for _, value := range malformed {
		_, err := usprivacy.Parse(value)
		require.ErrorIs(t, err, cookie.ErrMalformed, "%.40q", value)
		got, err := usprivacy.Source{}.Decode(value)
		require.ErrorIs(t, err, cookie.ErrMalformed, "%.40q", value)
		require.Equal(t, consent.All(consent.Denied), got)
	}
	for _, cookies := range []string{
		"usprivacy=", "usprivacy=x", "us_privacy=x", "usprivacy=1YNN; us_privacy=x", "usprivacy=x; us_privacy=1YNN", "usprivacy=1YNN; usprivacy=x",
	} {
		got, err := usprivacy.Source{}.Consent(request(cookies))
		require.ErrorIs(t, err, cookie.ErrMalformed, cookies)
		require.Equal(t, consent.All(consent.Denied), got, cookies)
	}
}

func TestParse(t *testing.T) {
	for value, want := range map[string]usprivacy.String{
		"1YNN":                         {Notice: 'Y', OptOut: 'N', Covered: 'N'},
		"1---":                         {Notice: '-', OptOut: '-', Covered: '-'},
		"1nY-":                         {Notice: 'N', OptOut: 'Y', Covered: '-'},
		"1---N":                        {Notice: '-', OptOut: '-', Covered: '-'},
		`{"a":[1],"uspString":"1YYN"}`: {Notice: 'Y', OptOut: 'Y', Covered: 'N'},
	} {
		got, err := usprivacy.Parse(value)
		require.NoError(t, err, value)
		require.Equal(t, want, got, value)
	}
}

// FuzzParse checks that a value is an error or says Y, N or - three times, and that nothing in it
// is a grant.
func FuzzParse(f *testing.F) {
	for _, value := range malformed {
		if len(value) <= 4096 {
			f.Add(value)
		}
	}
	for _, value := range []string{"1YNN", "1YYY", "1---N", "1yn-", `{"uspString":"1YYN"}`, "%7B%22uspString%22%3A%221YYN%22%7D", `"1YYN"`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		s, err := usprivacy.Parse(value)
		state, decodeErr := usprivacy.Source{}.Decode(value)
		require.Contains(t, []consent.State{none, noSale, consent.All(consent.Denied)}, state)
		require.Equal(t, decodeErr != nil, state == consent.All(consent.Denied))
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, s)
			return
		}
		for _, flag := range []byte{s.Notice, s.OptOut, s.Covered} {
			require.Contains(t, "YN-", string(flag))
		}
		if value[0] == '1' {
			require.NoError(t, decodeErr)
			require.Equal(t, s.OptOut == 'Y', state == noSale)
			require.Equal(t, strings.ToUpper(value[1:4]), string([]byte{s.Notice, s.OptOut, s.Covered}))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range []struct{ name, value string }{
		{"opted-out", "1YYN"},
		{"not-opted-out", "1YNN"},
		{"json", "%7B%22uspString%22%3A%221YN-%22%2C%22firstAcknowledgeDate%22%3A%222025-03-11T02%3A02%3A36.285Z%22%2C%22optOutDate%22%3Anull%7D"},
		{"nested-json", `{"a":` + strings.Repeat("[", 4000)},
		{"json-of-many-names", `{"a":1` + strings.Repeat(`,"a":1`, 660)},
		{"percent-signs", strings.Repeat("%25", 1365)},
		{"too-long", strings.Repeat("1", 1<<20)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = usprivacy.Source{}.Decode(bench.value)
			}
		})
	}
}
