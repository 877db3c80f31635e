package osano

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

// refused is the answer of a visitor who refused everything.
var refused = consent.NewState(map[string]bool{All: false}).Or(consent.All(consent.Denied))

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.Cases(t), func(c cookietest.Case) conformance.Source {
		name, _, _ := strings.Cut(c.Headers["Cookie"], "=")
		return Source{Name: name}
	}, map[string]cookietest.Difference{
		"osano-oss-info-dismiss": {Why: "nothing in the cookie tells it from the button Decline of version 3.0", State: refused},
	})
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.Cases(t),
		[]string{"osano-oss-optin-allow", "osano-oss-optout-deny"},
		[]string{"cookieconsent_status=", "cookieconsent_status=allo", "cookieconsent_status=true", "cookieconsent_status=Allow", "cookieconsent_status=allow,deny"})
}

func TestAnswers(t *testing.T) {
	site := Source{Grants: []string{"analytics", "advertising"}, Categories: []string{"analytics", "chat"}}
	for rule, test := range map[string]struct {
		source Source
		value  string
		want   consent.State
	}{
		"allow":                           {site, "allow", consent.NewState(map[string]bool{"analytics": true, "advertising": true, "chat": false})},
		"deny":                            {site, "deny", consent.NewState(map[string]bool{"analytics": false, "advertising": false}).Or(consent.All(consent.Denied))},
		"dismiss":                         {Source{}, "dismiss", refused},
		"dismiss, of the info banner":     {Source{Info: true, Categories: []string{"chat"}}, "dismiss", consent.NewState(nil)},
		"deny, where dismiss is implied":  {Source{Info: true}, "deny", refused},
		"allow, where dismiss is implied": {Source{Info: true}, "allow", consent.NewState(map[string]bool{All: true})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(&http.Request{Header: http.Header{"Cookie": {"cookieconsent_status=" + test.value}}})
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "allow", "deny", "dismiss", `"allow"`, "%61llow"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		status, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Empty(t, status)
			return
		}
		require.Contains(t, []Status{Allow, Deny, Dismiss}, status)
	})
}
