package cookie_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

func TestAnswers(t *testing.T) {
	const value = `{"session":true,"matomo":true,"ga":true,"pixel":false}`
	names := map[string]string{"matomo": "analytics", "ga": "analytics", "pixel": "advertising"}
	fresh := consent.NewState(map[string]bool{"session": true, "analytics": true, "advertising": false})
	for rule, test := range map[string]struct {
		answers cookie.Answers
		value   string
		want    consent.State
	}{
		"its own names":        {cookie.Answers{}, `{"a":true}`, consent.NewState(map[string]bool{"a": true})},
		"the site's names":     {cookie.Answers{Names: names}, value, fresh},
		"all ids are there":    {cookie.Answers{Names: names, Asked: []string{"matomo", "ga", "pixel"}}, value, fresh},
		"an id is new":         {cookie.Answers{Names: names, Asked: []string{"matomo", "hotjar"}}, value, consent.NewState(map[string]bool{"advertising": false})},
		"new, and none denied": {cookie.Answers{Asked: []string{"a", "hotjar"}}, `{"a":true}`, consent.NewState(nil)},
		"an id of a category":  {cookie.Answers{Names: names}, `{"matomo":true,"pixel":true}`, consent.NewState(map[string]bool{"analytics": false, "advertising": true})},
		"a category left out":  {cookie.Answers{Names: names, Categories: []string{"chat"}}, value, fresh.Restrict(consent.NewState(map[string]bool{"chat": false}))},
		"null":                 {cookie.Answers{}, `{"a":null,"b":true}`, consent.NewState(map[string]bool{"a": false, "b": true})},
		"the last counts":      {cookie.Answers{}, `{"a":true,"a":false}`, consent.NewState(map[string]bool{"a": false})},
		"of a script's making": {cookie.Answers{}, "{%22a%22:true%2C%22b%22:false}", consent.NewState(map[string]bool{"a": true, "b": false})},
		"encoded":              {cookie.Answers{}, "%7B%22a%22%3Atrue%7D", consent.NewState(map[string]bool{"a": true})},
	} {
		t.Run(rule, func(t *testing.T) {
			test.answers.Parse = cookie.ParseAnswers
			r := &http.Request{Header: http.Header{"Cookie": {"x={}; own=" + test.value}}}
			got, err := test.answers.Read(r, "own")
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	for _, value := range []string{"", "null", "{}", "[]", "true", "[true]", `{"a":1}`, `{"a":"true"}`, `{"a":true`, `{"a":true}}`, `{"a":{}}`} {
		got, err := cookie.Answers{Parse: cookie.ParseAnswers}.Read(&http.Request{Header: http.Header{"Cookie": {"own=" + value}}}, "own")
		require.ErrorIs(t, err, cookie.ErrMalformed, value)
		require.Equal(t, consent.All(consent.Denied), got)
	}
}

func FuzzParseAnswers(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", `{"a":true,"b":false}`, "%7B%22a%22%3Atrue%7D", "{%22a%22:true}", `"{}"`, `{"a":null}`,
		`{"\ud800":true}`, strings.Repeat(`{"a":`, 800), strings.Repeat("[", 4000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		answers, err := cookie.ParseAnswers(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Nil(t, answers)
			return
		}
		require.NotEmpty(t, answers)
		require.LessOrEqual(t, len(answers), len(value)/7+1)
	})
}

// The worst that fits a cookie.
func BenchmarkWorstAnswers(b *testing.B) {
	var members strings.Builder
	for i := range 340 {
		fmt.Fprintf(&members, `"%d":true,`, i)
	}
	for name, value := range map[string]string{
		"members": "{" + members.String() + `"":true}`,
		"nested":  strings.Repeat(`{"a":`, 819),
		"arrays":  strings.Repeat("[", 4096),
		"escapes": strings.Repeat("%7B", 1365),
	} {
		require.LessOrEqual(b, len(value), 4096)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = cookie.ParseAnswers(value)
			}
		})
	}
}
