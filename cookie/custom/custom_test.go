package custom

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/cookietest"
)

var site = []string{"analytics", "advertising", "functional"}

func header(name, cookies string) cookietest.Case {
	return cookietest.Case{Name: name, Headers: map[string]string{"Cookie": cookies}}
}

// conforming holds Sources of every format, with the headers of an acceptance, a rejection and
// an answer in between, and headers that cannot be read.
var conforming = map[string]struct {
	source                     Source
	accepted, rejected, partly string
	malformed                  []string
}{
	"JSON": {Source{},
		`consent={"analytics":true,"advertising":true}`, `consent={"analytics":false,"advertising":false}`, `consent=%7B%22analytics%22%3Atrue%2C%22advertising%22%3A0%7D`,
		[]string{"consent=", "consent=null", "consent={}", "consent=[]", "consent=true", `consent={"a":2}`, `consent={"a":{}}`, `consent={"a":true`, `consent={"a":true}}`}},
	"JSON at a path": {Source{Template: http.Cookie{Name: "own"}, Path: []string{"user", "consent"}, Categories: site},
		`own={"v":2,"user":{"consent":{"analytics":true,"advertising":"yes","functional":1}}}`, `own={"user":{"consent":{}}}`, `own={"user":{"consent":{"analytics":true,"version":"2024"}}}`,
		[]string{"own=", "own={}", `own={"user":{}}`, `own={"user":true}`, `own={"user":{"consent":null}}`, `own={"user":{"consent":[]}}`, `own={"User":{"consent":{"analytics":true}}}`, `own={"user":{"consent":{"analytics":"maybe"}}}`}},
	"JSONList": {Source{Format: JSONList, Categories: site},
		`consent=["analytics","advertising","functional"]`, `consent=[]`, `consent=%5B%22analytics%22%5D`,
		[]string{"consent=", "consent={}", "consent=null", "consent=[1]", `consent=["a"`, `consent={"a":true}`}},
	"Pairs": {Source{Format: Pairs},
		"consent=analytics=1&advertising=yes", "consent=analytics=0&advertising=", "consent=analytics%3D1%26advertising%3Dno",
		[]string{"consent=", "consent=analytics", "consent=analytics=maybe", "consent=&", "consent=analytics=1,advertising=0"}},
	"Pairs of another kind": {Source{Format: Pairs, Separator: ",", Assign: ":", Granted: []string{"allow"}, Denied: []string{"deny"}, Categories: site},
		"consent=analytics:allow,advertising:allow,functional:allow", "consent=analytics:deny", "consent=version:3, analytics:allow, advertising:deny,",
		[]string{"consent=analytics", "consent=analytics:true", "consent=analytics:allow&advertising:deny"}},
	"List": {Source{Format: List, Separator: "|", Categories: site},
		"consent=analytics|advertising|functional", "consent=", "consent=analytics| other", nil},
	"Word": {Source{Format: Word, Categories: site, AnsweredBy: "asked"},
		"asked=1; consent=true", "asked=1; consent=no", `asked=1; consent="yes"`,
		[]string{"asked=1; consent=", "asked=1; consent=null", "asked=1; consent=maybe", "asked=1; consent=true,true"}},
}

func TestSource(t *testing.T) {
	for format, c := range conforming {
		t.Run(format, func(t *testing.T) {
			malformed := c.malformed
			if malformed == nil { // any text is a List, but not nine of them, nor too long a one
				malformed = []string{strings.Repeat("consent=analytics; ", 9) + "a=b", "consent=" + strings.Repeat("x", 4096)}
			}
			cookietest.Conform(t, c.source, []cookietest.Case{header("accepted", c.accepted), header("rejected", c.rejected), header("partly", c.partly)},
				[]string{"accepted", "rejected", "partly"}, malformed)
		})
	}
}

func TestAnswers(t *testing.T) {
	all := func(granted bool) consent.State {
		return consent.NewState(map[string]bool{"analytics": granted, "advertising": granted, "functional": granted})
	}
	analytics := consent.NewState(map[string]bool{"analytics": true, "advertising": false, "functional": false})
	for format, c := range conforming {
		want := [...]consent.State{all(true), all(false), analytics}
		if len(c.source.Categories) == 0 {
			want = [...]consent.State{
				consent.NewState(map[string]bool{"analytics": true, "advertising": true}),
				consent.NewState(map[string]bool{"analytics": false, "advertising": false}),
				consent.NewState(map[string]bool{"analytics": true, "advertising": false}),
			}
		}
		if c.source.Format == Word { // one answer is no other's part
			want[2] = all(true)
		}
		for i, cookies := range []string{c.accepted, c.rejected, c.partly} {
			got, err := c.source.Consent(&http.Request{Header: http.Header{"Cookie": {cookies}}})
			require.NoError(t, err, format)
			require.Equal(t, want[i], got, "%s: %s", format, cookies)
		}
	}
}

func TestRules(t *testing.T) {
	names := map[string]string{"mkt": "advertising", "social": "advertising"}
	for rule, test := range map[string]struct {
		source  Source
		cookies string
		want    map[string]bool // nil: no answer
	}{
		"no cookie":                {Source{}, "a=b", nil},
		"not yet answered":         {Source{AnsweredBy: "asked"}, `consent={"analytics":true}`, nil},
		"null":                     {Source{}, `consent={"analytics":null}`, map[string]bool{"analytics": false}},
		"consent-tools leaves out": {Source{Categories: []string{"analytics", "advertising"}}, `consent={"analytics":true}`, map[string]bool{"analytics": true, "advertising": false}},
		"names in another casing":  {Source{Categories: []string{"Analytics"}}, `consent={"analytics":true}`, map[string]bool{"Analytics": false}},
		"a category of several":    {Source{Groups: names}, `consent={"mkt":true,"social":false}`, map[string]bool{"advertising": false}},
		"one of several left out":  {Source{Groups: names}, `consent={"mkt":true}`, map[string]bool{"advertising": false}},
		"both of several":          {Source{Groups: names}, `consent={"mkt":true,"social":true,"version":"2"}`, map[string]bool{"advertising": true}},
		"several in a list":        {Source{Format: List, Groups: names, Categories: []string{"advertising"}}, "consent=mkt,social", map[string]bool{"advertising": true}},
		"a denial beyond the list": {Source{Categories: []string{"analytics"}}, `consent={"analytics":true,"chat":false,"video":true}`, map[string]bool{"analytics": true, "chat": false}},
		"a pair twice":             {Source{Format: Pairs}, "consent=a=1&a=0&a=1", map[string]bool{"a": false}},
		"JSON twice":               {Source{}, `consent={"a":true,"a":false}`, map[string]bool{"a": false}},
		"copies":                   {Source{Categories: []string{"a", "b"}}, `consent={"a":true,"b":true}; consent={"b":true}`, map[string]bool{"a": false, "b": true}},
		"a word of both":           {Source{Granted: []string{"x"}, Denied: []string{"x"}}, `consent={"a":"x"}`, map[string]bool{"a": false}},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(&http.Request{Header: http.Header{"Cookie": {test.cookies}}})
			require.NoError(t, err)
			require.Equal(t, consent.NewState(test.want), got)
		})
	}
}

func TestFormatsWithoutDenialsNeedCategories(t *testing.T) {
	for _, format := range []Format{JSONList, List, Word} {
		for _, value := range []string{"", "true", `["analytics"]`, "analytics"} {
			got, err := Source{Format: format}.Consent(&http.Request{Header: http.Header{"Cookie": {"consent=" + value}}})
			require.ErrorIs(t, err, ErrCategories)
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Equal(t, consent.All(consent.Denied), got)
		}
	}
}

// sources are fuzzed and measured.
func sources() []Source {
	list := []Source{{Path: []string{"a", "b"}}, {Groups: map[string]string{"a": "c", "b": "c"}}, {Format: List, Separator: "ab", Categories: site}}
	for _, c := range conforming {
		c.source.AnsweredBy = ""
		list = append(list, c.source)
	}
	return list
}

func FuzzParse(f *testing.F) {
	for _, c := range conforming {
		for _, cookies := range append(c.malformed, c.accepted, c.rejected, c.partly) {
			_, value, _ := strings.Cut(cookies[strings.LastIndex(cookies, "; ")+1:], "=")
			f.Add(value)
		}
	}
	f.Add(strings.Repeat(`{"a":`, 800))
	f.Add(strings.Repeat(`[`, 4000))
	all := sources()
	f.Fuzz(func(t *testing.T, value string) {
		for _, s := range all {
			answers, err := s.Parse(value)
			if err != nil {
				require.Nil(t, answers)
			}
			state, err := s.Decode(value)
			if err != nil {
				require.Equal(t, consent.All(consent.Denied), state)
				continue
			}
			require.True(t, state.Answered())
			for _, category := range s.Categories {
				require.NotEqual(t, consent.Unknown, state.Category(category))
			}
			roundTrip(t, s, state)
		}
	})
}

// The worst that fits a cookie.
func BenchmarkWorstParse(b *testing.B) {
	var members strings.Builder
	for i := range 400 {
		members.WriteString(`"` + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)) + `":1,`)
	}
	for name, test := range map[string]struct {
		source Source
		value  string
	}{
		"members": {Source{}, "{" + members.String() + `"":1}`},
		"nested":  {Source{}, strings.Repeat(`{"a":`, 819)},
		"path":    {Source{Path: []string{"a", "a", "a", "a"}}, strings.Repeat(`{"a":`, 680) + "1" + strings.Repeat("}", 680)},
		"arrays":  {Source{Format: JSONList, Categories: site}, strings.Repeat("[", 4088)},
		"pairs":   {Source{Format: Pairs}, strings.Repeat("a=1&", 1022)},
		"escapes": {Source{Format: List, Categories: site}, strings.Repeat("%2C", 1362)},
	} {
		require.LessOrEqual(b, len(test.value), 4096)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = test.source.Decode(test.value)
			}
		})
	}
}
