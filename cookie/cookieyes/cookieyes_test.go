package cookieyes

import (
	"net/http"
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

// answered holds cookies of visitors who acted, in the form of the captured ones.
var answered = []cookietest.Case{
	{Name: "accepted", Headers: map[string]string{"Cookie": "cookieyes-consent=consentid:QUJDREVG,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes,other:yes"}, Decision: "given",
		Categories: map[string]bool{"necessary": true, "functional": true, "analytics": true, "performance": true, "advertisement": true, "other": true}, Vendors: map[string]bool{}},
	{Name: "rejected, encoded", Headers: map[string]string{"Cookie": "cookieyes-consent=consentid%3AQUJD%2Cconsent%3Ano%2Caction%3Ayes%2Cnecessary%3Ayes%2Cfunctional%3Ano%2Canalytics%3Ano"}, Decision: "given",
		Categories: map[string]bool{"necessary": true, "functional": false, "analytics": false}, Vendors: map[string]bool{}},
	{Name: "partial, renewed", Headers: map[string]string{"Cookie": "cookieyes-consent=consentid:QUJD,consent:yes,action:yes,necessary:yes,functional:no,analytics:yes,lastRenewedDate:1700000000000"}, Decision: "given",
		Categories: map[string]bool{"necessary": true, "functional": false, "analytics": true}, Vendors: map[string]bool{}},
}

func TestAnswers(t *testing.T) {
	cookietest.Compare(t, answered, func(cookietest.Case) conformance.Source { return Source{} }, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, answered,
		[]string{"accepted", "rejected, encoded", "partial, renewed"},
		[]string{
			"cookieyes-consent=", "cookieyes-consent=yes", "cookieyes-consent=:yes", "cookieyes-consent=action:yes",
			"cookieyes-consent=action:yes,analytics:maybe", "cookieyes-consent=action:yes,analytics:yes,", "cookieyes-consent=action:,analytics:",
		})
}

func TestNamesOfTheSite(t *testing.T) {
	source := Source{
		Groups:     map[string]string{"analytics": "analytics", "performance": "analytics"},
		Categories: []string{"analytics", "advertising"},
	}
	for value, want := range map[string]consent.State{
		"action:yes,analytics:yes,performance:no": consent.NewState(map[string]bool{"analytics": false, "advertising": false}),
		"action:yes,other:no,other:yes":           consent.NewState(map[string]bool{"analytics": false, "advertising": false, "other": false}),
		"action:no,analytics:yes":                 consent.NewState(nil),
	} {
		got, err := source.Consent(&http.Request{Header: http.Header{"Cookie": {"cookieyes-consent=" + value}}})
		require.NoError(t, err)
		require.Equal(t, want, got, value)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "action:yes,analytics:yes", "action:,a:no", "consent:yes,action:yes,a:yes,a:no", "action%3Ayes%2Ca%3Ayes", "::,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
			return
		}
		require.True(t, !a.Acted || len(a.Categories) > 0)
		require.LessOrEqual(t, len(a.Categories), len(value)/5+1)
	})
}
