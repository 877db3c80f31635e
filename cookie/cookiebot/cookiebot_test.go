package cookiebot

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/cookietest"
)

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.Cases(t), func(cookietest.Case) conformance.Source { return Source{} },
		map[string]cookietest.Difference{
			"cookieinfo-typo3": {Why: "not Cookiebot's, and nothing says what its list leaves out", Err: cookie.ErrMalformed},
		})
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.Cases(t),
		[]string{"cookiebot-fully-encoded", "cookiebot-reject", "cookiebot-partial-ver2", "cookiebot-iab"},
		[]string{
			"CookieConsent=",
			"CookieConsent=true",
			"CookieConsent={}",
			"CookieConsent={marketing:true",
			"CookieConsent={marketing:1}",
			"CookieConsent={marketing:true,stamp:'a}",
			"CookieConsent={stamp:'a'marketing:true}",
			"CookieConsent={stamp:'marketing:true'}",
			"CookieConsent={marketing:true}{marketing:true}",
		})
}

func request(value string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {"CookieConsent=" + value}}}
}

func TestVisitorNotAsked(t *testing.T) {
	for _, value := range []string{
		"-1",
		"{stamp:%27-1%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cver:1}",
		"{stamp:%27x%27%2Cnecessary:true%2Cmarketing:true%2Cmethod:%27implied%27%2Cver:1}",
	} {
		s, err := Source{Categories: []string{"marketing"}}.Consent(request(value))
		require.NoError(t, err)
		require.Equal(t, consent.NewState(nil), s, value)
	}
}

func TestOutdatedAnswersKeepOnlyDenials(t *testing.T) {
	given := time.UnixMilli(1705162226478)
	const value = "{necessary:true,preferences:true,statistics:false,marketing:false,ver:2,utc:1705162226478}"
	names := map[string]string{"statistics": "analytics", "marketing": "analytics"}
	fresh := consent.NewState(map[string]bool{"necessary": true, "preferences": true, "analytics": false})
	refused := consent.NewState(map[string]bool{"analytics": false})
	for rule, test := range map[string]struct {
		source Source
		want   consent.State
	}{
		"no limits":        {Source{Groups: names}, fresh},
		"the same version": {Source{Groups: names, Version: 2}, fresh},
		"a newer version":  {Source{Groups: names, Version: 3}, refused},
		"young":            {Source{Groups: names, MaxAge: time.Hour}, fresh},
		"old":              {Source{Groups: names, MaxAge: time.Minute}, refused},
		"old, of a site with another category": {Source{Groups: names, MaxAge: time.Minute, Categories: []string{"chat"}},
			consent.NewState(map[string]bool{"analytics": false, "chat": false})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.at(request(value), given.Add(30*time.Minute))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestParse(t *testing.T) {
	a, err := Parse("{stamp:%27a+/=,b%27%2Cnecessary:true%2Cmarketing:true%2Cmarketing:false%2Cver:1%2Cutc:1705162226478%2Ciab2:%27CP.YA%27%2Cregion:%27nl%27}")
	require.NoError(t, err)
	require.Equal(t, Answer{
		Categories: map[string]bool{"necessary": true, "marketing": false},
		Version:    1, Given: time.UnixMilli(1705162226478), TCString: "CP.YA",
	}, a)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "-1", "0", "{}", "{a:'b',marketing:true}", "{stamp:'-1',marketing:true,ver:99999999999999999999}", "%7Bmarketing%3Atrue%7D"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
			return
		}
		require.True(t, a.Implied || len(a.Categories) > 0)
		require.LessOrEqual(t, len(a.Categories), 4)
	})
}
