package klaro

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

// The cases have the services as vendors; here they are categories.
func cases(t testing.TB) []cookietest.Case {
	cases := cookietest.Cases(t)
	for i, c := range cases {
		cases[i].Categories, cases[i].Vendors = c.Vendors, c.Categories
	}
	return cases
}

func TestCases(t *testing.T) {
	cookietest.Compare(t, cases(t), func(c cookietest.Case) conformance.Source {
		name, _, _ := strings.Cut(c.Headers["Cookie"], "=")
		return Source{Name: name}
	}, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cases(t),
		[]string{"klaro-accept-click", "klaro-decline-click", "klaro-unicode-service"},
		[]string{
			"klaro=", "klaro=null", "klaro={}", "klaro=[]", "klaro=true", "klaro=[true]",
			`klaro={"a":1}`, `klaro={"a":"true"}`, `klaro={"a":true`, `klaro={"a":true}}`, `klaro={"a":{}}`,
		})
}

func request(value string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {"klaro=" + value}}}
}

func TestAnswers(t *testing.T) {
	const value = `{"session":true,"matomo":true,"ga":true,"pixel":false}`
	names := map[string]string{"matomo": "analytics", "ga": "analytics", "pixel": "advertising"}
	fresh := consent.NewState(map[string]bool{"session": true, "analytics": true, "advertising": false})
	for rule, test := range map[string]struct {
		source Source
		value  string
		want   consent.State
	}{
		"the site's names":        {Source{Services: names}, value, fresh},
		"all services are there":  {Source{Services: names, Asked: []string{"matomo", "ga", "pixel"}}, value, fresh},
		"a service is new":        {Source{Services: names, Asked: []string{"matomo", "hotjar"}}, value, consent.NewState(map[string]bool{"advertising": false})},
		"a new one, none denied":  {Source{Asked: []string{"a", "hotjar"}}, `{"a":true}`, consent.NewState(nil)},
		"a service of a category": {Source{Services: names}, `{"matomo":true,"pixel":true}`, consent.NewState(map[string]bool{"analytics": false, "advertising": true})},
		"a category left out":     {Source{Services: names, Categories: []string{"chat"}}, value, fresh.Restrict(consent.NewState(map[string]bool{"chat": false}))},
		"null":                    {Source{}, `{"a":null,"b":true}`, consent.NewState(map[string]bool{"a": false, "b": true})},
		"the last counts":         {Source{}, `{"a":true,"a":false}`, consent.NewState(map[string]bool{"a": false})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(request(test.value))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"a":true,"b":false}`, "%7B%22a%22%3Atrue%7D", `{"a":null}`, `{"\ud800":true}`, strings.Repeat(`{"a":`, 800)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		services, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Nil(t, services)
			return
		}
		require.NotEmpty(t, services)
		require.LessOrEqual(t, len(services), len(value)/7+1)
	})
}
