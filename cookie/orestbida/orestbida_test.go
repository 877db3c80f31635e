package orestbida

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/cookietest"
)

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.Cases(t), func(c cookietest.Case) conformance.Source {
		s := Source{Vendors: c.OwnNames()}
		if name, _, named := strings.Cut(c.Headers["Cookie"], "="); named {
			s.Name = name
		}
		if strings.HasPrefix(c.Name, "vcc2") { // what was rejected is not in the cookie
			s.Categories = slices.Collect(maps.Keys(c.Categories))
		}
		return s
	}, map[string]cookietest.Difference{
		"vcc2-data-semicolon": {Why: "the cookie is cut off in the middle: nothing says what followed", Err: cookie.ErrMalformed},
	})
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{Vendors: map[string]string{"ga": "Google Analytics", "matomo": "Matomo"}}, cookietest.Cases(t),
		[]string{"vcc2-accept-click", "vcc2-reject-click", "vcc2-data-unicode", "vcc3-reject-click", "vcc3-partial", "vcc3-optout-reject"},
		[]string{
			"cc_cookie=", "cc_cookie=null", "cc_cookie={}", "cc_cookie=[]", "cc_cookie=true",
			`cc_cookie={"categories":["ads"]}`,
			`cc_cookie={"consentId":"","categories":["ads"]}`,
			`cc_cookie={"consentId":1,"categories":["ads"]}`,
			`cc_cookie={"consentId":"x"}`,
			`cc_cookie={"consentId":"x","categories":null}`,
			`cc_cookie={"consentId":"x","categories":"ads"}`,
			`cc_cookie={"consentId":"x","categories":[1]}`,
			`cc_cookie={"consentId":"x","CATEGORIES":["ads"]}`,
			`cc_cookie={"consentId":"x","categories":["ads"],"services":["ga"]}`,
			`cc_cookie={"consentId":"x","categories":["ads"],"services":{"ads":"ga"}}`,
			`cc_cookie={"consent_uuid":"x","categories":["ads"],"data":{"label":"a`,
		})
}

func request(value string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {"cc_cookie=" + value}}}
}

func TestAnswers(t *testing.T) {
	last := time.Date(2026, 11, 24, 20, 17, 15, 0, time.UTC)
	const (
		v3 = `{"categories":["necessary","analytics"],"revision":2,"consentTimestamp":"2020-01-01T00:00:00.000Z","consentId":"x",` +
			`"services":{"necessary":[],"analytics":["ga"],"ads":["pixel"]},"lastConsentTimestamp":"2026-11-24T20:17:15.000Z"}`
		v2 = `{"categories":["necessary"],"level":["necessary","ads"],"revision":1,"consent_date":"2020-01-01T00:00:00.000Z","consent_uuid":"x","last_consent_update":"2026-11-24T20:17:15.000Z"}`
	)
	names := map[string]string{"ads": "advertising"}
	fresh := map[string]bool{"necessary": true, "analytics": true, "advertising": false}
	vendors := map[string]string{"ga": "Google Analytics", "matomo": "Matomo", "pixel": "Facebook Pixel"}
	for rule, test := range map[string]struct {
		source Source
		value  string
		want   consent.State
	}{
		"the site's names": {Source{Groups: names}, v3, consent.NewState(fresh)},
		"services": {Source{Groups: names, Vendors: vendors}, v3, consent.NewState(fresh).WithDestinations(map[string]bool{
			"Google Analytics": true, "Matomo": false, "Facebook Pixel": false})}, // the category of which is rejected
		"the same revision": {Source{Groups: names, Revision: 2}, v3, consent.NewState(fresh)},
		"another revision":  {Source{Groups: names, Revision: 3}, v3, consent.NewState(map[string]bool{"advertising": false})},
		"an earlier one":    {Source{Groups: names, Revision: 1}, v3, consent.NewState(map[string]bool{"advertising": false})},
		"another revision, services": {Source{Groups: names, Revision: 3, Vendors: vendors}, v3,
			consent.NewState(map[string]bool{"advertising": false}).Restrict(consent.NewState(nil).
				WithDestinations(map[string]bool{"Matomo": false, "Facebook Pixel": false}).Denials())},
		"young":                   {Source{Groups: names, MaxAge: time.Hour}, v3, consent.NewState(fresh)},
		"old":                     {Source{Groups: names, MaxAge: time.Minute}, v3, consent.NewState(map[string]bool{"advertising": false})},
		"version 2":               {Source{}, v2, consent.NewState(map[string]bool{"necessary": true})},
		"version 2, categories":   {Source{Categories: []string{"ads"}}, v2, consent.NewState(map[string]bool{"necessary": true, "ads": false})},
		"version 2, old revision": {Source{Revision: 2, Categories: []string{"ads"}}, v2, consent.NewState(map[string]bool{"ads": false})},
		"version 2, vendors":      {Source{Vendors: map[string]string{"ga": "GA"}}, v2, consent.NewState(map[string]bool{"necessary": true}).WithDestinations(map[string]bool{"GA": false})},
		"two names of one":        {Source{Groups: map[string]string{"analytics": "all", "ads": "all"}}, v3, consent.NewState(map[string]bool{"necessary": true, "all": false})},
		"no date":                 {Source{MaxAge: time.Hour}, `{"categories":["ads"],"consentId":"x"}`, consent.NewState(nil)},
		"an invalid revision":     {Source{Revision: 1}, `{"categories":["ads"],"consentId":"x","revision":"1"}`, consent.NewState(nil)},
		"nothing accepted, version 3": {Source{}, `{"categories":[],"consentId":"x","services":{"ads":[]}}`,
			consent.NewState(map[string]bool{"ads": false})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.at(request(test.value), last.Add(30*time.Minute))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

// In version 2, a visitor who accepted nothing has answered, and must not look like one who has
// not.
func TestAnswerWithoutNameIsAnError(t *testing.T) {
	s, err := Source{}.Consent(request(`{"categories":[],"consent_uuid":"x"}`))
	require.ErrorIs(t, err, cookie.ErrMalformed)
	require.Equal(t, consent.All(consent.Denied), s)
}

func FuzzParse(f *testing.F) {
	cookietest.AddSeeds(f)
	f.Add(`{"categories":["a"],"consentId":"x","services":{"a":null,"b":["c"]},"revision":1e3}`)
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
			return
		}
		require.LessOrEqual(t, len(a.Categories)+len(a.Services), len(value)/3+1)
	})
}
