package orejime

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
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

func TestFields(t *testing.T) {
	source := Source{Name: "own", Purposes: map[string]string{"matomo": "analytics"}, Categories: []string{"chat"}, Asked: []string{"matomo"}}
	for value, want := range map[string]map[string]bool{
		`{%22matomo%22:true%2C%22essential%22:true}`: {"analytics": true, "essential": true, "chat": false},
		`{%22essential%22:false}`:                    {"essential": false, "chat": false},
	} {
		got, err := source.Consent(&http.Request{Header: http.Header{"Cookie": {"own=" + value}}})
		require.NoError(t, err)
		require.Equal(t, consent.NewState(want), got)
	}
}
