package onetrust

import (
	"errors"
	"net/http"
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
		return Source{Vendors: c.OwnNames()}
	}, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.Cases(t),
		[]string{"onetrust-accept-all", "onetrust-reject-all", "onetrust-partial", "onetrust-hosts-iab", "onetrust-legacy-groups"},
		[]string{
			"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z",
			strings.Repeat("OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; ", 9) + "OptanonConsent=groups=C0001%3A1",
			"OptanonAlertBoxClosed=; OptanonConsent=groups=C0001%3A1",
			"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; OptanonConsent=groups=",
			"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; OptanonConsent=hosts=H1%3A1",
			"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; OptanonConsent=groups=C0001%3A1%2CC0002",
			"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; OptanonConsent=groups=C0001%3A2",
			"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; OptanonConsent=landingPath=https://example.com/?a=1&groups=C0004:1&groups=C0004:0",
		})
}

func request(cookies string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {cookies}}}
}

func TestNamesOfTheSite(t *testing.T) {
	s := Source{
		Groups:     map[string]string{"C0002": "analytics", "C0004": "advertising", "C0005": "advertising"},
		Vendors:    map[string]string{"H1": "Amplitude", "V2": "Facebook Pixel"},
		Categories: []string{"analytics", "advertising", "functional"},
	}
	got, err := s.Consent(request("OptanonConsent=groups=C0001:1,C0002:1,C0004:1,C0005:0&hosts=H1:1,H9:1&genVendors=V2:0; " +
		"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z"))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(map[string]bool{"C0001": true, "analytics": true, "advertising": false, "functional": false}).
		WithDestinations(map[string]bool{"Amplitude": true, "Facebook Pixel": false}), got)
}

func TestOutdatedAnswersKeepOnlyDenials(t *testing.T) {
	now := time.Date(2026, 1, 22, 8, 0, 0, 0, time.UTC)
	const groups = "OptanonConsent=groups=C0002:1,C0004:0"
	fresh := consent.NewState(map[string]bool{"C0002": true, "C0004": false})
	refused := consent.NewState(map[string]bool{"C0004": false})
	for rule, test := range map[string]struct {
		source Source
		header string
		want   consent.State
	}{
		"young": {Source{MaxAge: time.Hour}, groups + "; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z", fresh},
		"old":   {Source{MaxAge: time.Minute}, groups + "; OptanonAlertBoxClosed=2026-01-22T07%3A26%3A40.000Z", refused},
		"the older of two": {Source{MaxAge: time.Hour},
			groups + "; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; OptanonAlertBoxClosed=2025-01-22T07:26:40.000Z", refused},
		"a date and none": {Source{MaxAge: time.Hour},
			groups + "; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z; OptanonAlertBoxClosed=x; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z", refused},
		"no date":           {Source{MaxAge: time.Hour}, groups + "; OptanonAlertBoxClosed=NaN-NaN-NaNTNaN:NaN:NaN.000Z", refused},
		"no date, no limit": {Source{}, groups + "; OptanonAlertBoxClosed=NaN-NaN-NaNTNaN:NaN:NaN.000Z", fresh},
		"to be asked again": {Source{RefuseOutdated: true}, groups + "&AwaitingReconsent=true; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z", refused},
		"asked":             {Source{RefuseOutdated: true}, groups + "&AwaitingReconsent=false; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z", fresh},
		"nothing denied": {Source{RefuseOutdated: true, Categories: []string{"C0004"}},
			"OptanonConsent=groups=C0002:1&AwaitingReconsent=true; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z", consent.NewState(nil)},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.at(request(test.header), now)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestParseReadsDecodedAndEncodedValues(t *testing.T) {
	want := Answer{Groups: map[string]bool{"C0001": true, "C0002": false}, Vendors: map[string]bool{"H1": true}}
	for _, value := range []string{
		"groups=C0001%3A1%2CC0002%3A0&hosts=H1%3a1",
		"hosts=H1:1&genVendors=&groups=C0001:1,C0002:0",
		"groups%3DC0001%253A1%252CC0002%253A0%26hosts%3DH1%253A1",
		"groups=C0001:1,C0002:1,+C0002:0,&hosts=H1:1",
	} {
		got, err := Parse(value)
		require.NoError(t, err)
		require.Equal(t, want, got, value)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "groups=", "groups=a:1,b:0&hosts=H1:1&AwaitingReconsent=true", "groups%3Da%3A1", "groups=:1", "groups=a::1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.True(t, errors.Is(err, cookie.ErrMalformed))
			require.Zero(t, a)
			return
		}
		require.NotEmpty(t, a.Groups)
		require.LessOrEqual(t, len(a.Groups)+len(a.Vendors), len(value)/3+1)
	})
}
