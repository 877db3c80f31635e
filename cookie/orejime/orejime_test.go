package orejime

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/cookietest"
)

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.Cases(t), func(cookietest.Case) conformance.Source { return Source{} }, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.Cases(t),
		[]string{"orejime-decline", "orejime-partial"},
		[]string{
			"eu-consent=", "eu-consent=null", "eu-consent={}", "eu-consent=[]", "eu-consent=true",
			`eu-consent={"a":1}`, `eu-consent={"a":"true"}`, `eu-consent={"a":true`, `eu-consent={"a":true}}`,
		})
}

func TestAnswers(t *testing.T) {
	const value = `{%22essential%22:true%2C%22matomo%22:true%2C%22ads%22:false}`
	names := map[string]string{"matomo": "analytics", "ads": "advertising"}
	fresh := consent.NewState(map[string]bool{"essential": true, "analytics": true, "advertising": false})
	for rule, test := range map[string]struct {
		source Source
		value  string
		want   consent.State
	}{
		"the site's names":       {Source{Purposes: names}, value, fresh},
		"all purposes are there": {Source{Purposes: names, Asked: []string{"matomo", "ads"}}, value, fresh},
		"a purpose is new":       {Source{Purposes: names, Asked: []string{"matomo", "chat"}}, value, consent.NewState(map[string]bool{"advertising": false})},
		"a category left out":    {Source{Purposes: names, Categories: []string{"chat"}}, value, fresh.Restrict(consent.NewState(map[string]bool{"chat": false}))},
		"null":                   {Source{}, `{"a":null,"b":true}`, consent.NewState(map[string]bool{"a": false, "b": true})},
		"another name":           {Source{Name: "own"}, `x; own={"a":true}`, consent.NewState(map[string]bool{"a": true})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(&http.Request{Header: http.Header{"Cookie": {"eu-consent=" + test.value}}})
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"a":true,"b":false}`, "{%22a%22:true}", `{"a":null}`, `"{}"`, strings.Repeat("[", 4000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		purposes, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Nil(t, purposes)
			return
		}
		require.NotEmpty(t, purposes)
		require.LessOrEqual(t, len(purposes), len(value)/7+1)
	})
}
