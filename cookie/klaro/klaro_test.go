package klaro

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/internal/cookietest"
)

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.ServiceCases(t), func(c cookietest.Case) conformance.Source {
		name, _, _ := strings.Cut(c.Headers["Cookie"], "=")
		return Source{Name: name}
	}, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.ServiceCases(t),
		[]string{"klaro-accept-click", "klaro-decline-click", "klaro-unicode-service"},
		[]string{
			"klaro=", "klaro=null", "klaro={}", "klaro=[]", "klaro=true", "klaro=[true]",
			`klaro={"a":1}`, `klaro={"a":"true"}`, `klaro={"a":true`, `klaro={"a":true}}`, `klaro={"a":{}}`,
		})
}

func TestFields(t *testing.T) {
	source := Source{Name: "own", Services: map[string]string{"matomo": "analytics"}, Categories: []string{"chat"}, Asked: []string{"matomo"}}
	for value, want := range map[string]map[string]bool{
		`{"matomo":true,"session":true}`: {"analytics": true, "session": true, "chat": false},
		`{"session":false}`:              {"session": false, "chat": false},
	} {
		got, err := source.Consent(&http.Request{Header: http.Header{"Cookie": {"own=" + value}}})
		require.NoError(t, err)
		require.Equal(t, consent.NewState(want), got)
	}
}
