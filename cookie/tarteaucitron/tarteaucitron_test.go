package tarteaucitron

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
	cookietest.Compare(t, cookietest.ServiceCases(t), func(c cookietest.Case) conformance.Source {
		name, _, _ := strings.Cut(c.Headers["Cookie"], "=")
		return Source{Name: name}
	}, nil)
}

func TestSource(t *testing.T) {
	accepted := cookietest.Case{Name: "accepted", Headers: map[string]string{"Cookie": "tarteaucitron=!gajs=true!facebook=true!youtube=true"}}
	rejected := cookietest.Case{Name: "rejected", Headers: map[string]string{"Cookie": "tarteaucitron=!gajs=false!facebook=false!youtube=false"}}
	cookietest.Conform(t, Source{}, append(cookietest.ServiceCases(t), accepted, rejected),
		[]string{"tarteaucitron-partial", "accepted", "rejected"},
		[]string{
			"tarteaucitron=", "tarteaucitron=!", "tarteaucitron=gajs=true", "tarteaucitron=!gajs", "tarteaucitron=!gajs=",
			"tarteaucitron=!gajs=tru", "tarteaucitron=!gajs=true!", "tarteaucitron=!=true", "tarteaucitron=!gajs=true=false", "tarteaucitron=!gajs=True",
		})
}

func TestAnswers(t *testing.T) {
	names := map[string]string{"gajs": "analytics", "matomo": "analytics", "facebook": "advertising"}
	for rule, test := range map[string]struct {
		source Source
		value  string
		want   consent.State
	}{
		"the site's names":    {Source{Services: names}, "!gajs=true!matomo=true!facebook=false", consent.NewState(map[string]bool{"analytics": true, "advertising": false})},
		"one waits":           {Source{Services: names}, "!gajs=true!matomo=wait!facebook=wait", consent.NewState(map[string]bool{"analytics": false})},
		"a category left out": {Source{Services: names, Categories: []string{"advertising"}}, "!gajs=true!matomo=true", consent.NewState(map[string]bool{"analytics": true, "advertising": false})},
		"all wait":            {Source{Categories: []string{"advertising"}}, "!gajs=wait!facebook=wait", consent.NewState(nil)},
		"twice":               {Source{}, "!gajs=true!gajs=false!gajs=true", consent.NewState(map[string]bool{"gajs": false})},
		"encoded":             {Source{}, "%21gajs%3Dtrue", consent.NewState(map[string]bool{"gajs": true})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(&http.Request{Header: http.Header{"Cookie": {"tarteaucitron=" + test.value}}})
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "!", "!a=true!b=false!c=wait", "!a=true!a=false", "%21a%3Dtrue", "!=true", "!a=b=true"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		services, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Nil(t, services)
			return
		}
		require.LessOrEqual(t, len(services), len(value)/7+1)
	})
}
