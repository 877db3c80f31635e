package adroll

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/tcf"
	"github.com/go-consent/segment/internal/cookietest"
)

var source = Source{TCF: tcf.Source{}.Decode}

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.Cases(t), func(cookietest.Case) conformance.Source { return source }, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, source, cookietest.Cases(t),
		[]string{"tcf22-accept-all", "tcf22-reject-all", "tcf22-partial"},
		[]string{"__adroll_consent=", "__adroll_consent=#", "__adroll_consent=%23ABC", "__adroll_consent=CQgc%23ABC", "__adroll_consent=x"})
}

func request(t *testing.T, name string) *http.Request {
	for _, c := range cookietest.Cases(t) {
		if c.Name == name {
			return &http.Request{Header: http.Header{"Cookie": {c.Headers["Cookie"]}}}
		}
	}
	t.Fatal("no such case")
	return nil
}

func TestWithoutTCFAnAnswerIsDenied(t *testing.T) {
	s, err := Source{}.Consent(request(t, "tcf22-accept-all"))
	require.ErrorIs(t, err, ErrUnread)
	require.ErrorIs(t, err, cookie.ErrMalformed)
	require.Equal(t, consent.All(consent.Denied), s)

	s, err = Source{}.Consent(request(t, "pending"))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(nil), s)
}

func TestNamesOfTheSite(t *testing.T) {
	s, err := Source{
		TCF:        tcf.Source{Purposes: map[int]string{8: "analytics", 4: "advertising"}}.Decode,
		Categories: []string{"analytics", "chat"},
	}.Consent(request(t, "tcf22-partial"))
	require.NoError(t, err)
	require.Equal(t, consent.Granted, s.Category("analytics"))
	require.Equal(t, consent.Denied, s.Category("advertising"))
	require.Equal(t, consent.Denied, s.Category("chat"))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "#", "CQgc#ID", "CQgc%23ID", "%23", "a##"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
			return
		}
		require.NotEmpty(t, a.TCString)
		require.NotContains(t, a.TCString, "#")
		require.LessOrEqual(t, len(a.TCString)+len(a.ID), len(value))
		require.False(t, strings.HasPrefix(value, "#"))
	})
}
