package trustarc

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

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.Cases(t),
		[]string{"trustarc-accept-3", "trustarc-accept-4", "trustarc-reject", "trustarc-reject-suffix", "trustarc-new-separators", "trustarc-encoded"},
		[]string{
			"cmapi_cookie_privacy=", "cmapi_cookie_privacy=permit", "cmapi_cookie_privacy=permit ", "cmapi_cookie_privacy=deny 1",
			"cmapi_cookie_privacy=permit 1,2,", "cmapi_cookie_privacy=permit 0", "cmapi_cookie_privacy=permit 100", "cmapi_cookie_privacy=permit 1 2",
			"notice_gdpr_prefs=", "notice_gdpr_prefs=0,1,2", "notice_gdpr_prefs=:", "notice_gdpr_prefs=-1:", "notice_gdpr_prefs=0,a:",
			"cmapi_cookie_privacy=permit 1,2,3; notice_gdpr_prefs=false",
		})
}

func TestAnswers(t *testing.T) {
	type answers = map[string]bool
	source := Source{Groups: map[string]string{"2": "functional", "3": "advertising", "4": "advertising"}, Categories: []string{"functional", "chat"}}
	for cookies, want := range map[string]consent.State{
		"cmapi_cookie_privacy=permit 1,2,3,4":                       consent.NewState(answers{"1": true, "functional": true, "advertising": true, "chat": false}),
		"cmapi_cookie_privacy=permit_1|2":                           consent.NewState(answers{"1": true, "functional": true, "advertising": false, "chat": false}),
		"cmapi_cookie_privacy=permit 1,2,3":                         consent.NewState(answers{"1": true, "functional": true, "advertising": false, "chat": false}),
		"notice_gdpr_prefs=0,1::implied,us":                         consent.NewState(answers{"1": true, "functional": true, "advertising": false, "chat": false}),
		"cmapi_cookie_privacy=permit 1,2; notice_gdpr_prefs=0,2,3:": consent.NewState(answers{"1": true, "functional": false, "advertising": false, "chat": false}),
		"cmapi_cookie_privacy=permit 1 required":                    consent.NewState(answers{"1": true, "functional": false, "advertising": false}).Or(consent.All(consent.Denied)),
		"notice_preferences=2:; notice_behavior=implied,us":         consent.NewState(nil),
	} {
		got, err := source.Consent(request(cookies))
		require.NoError(t, err)
		require.Equal(t, want, got, cookies)
	}
}

// Where the site lists no categories and the law is opt-out, a refusal still is an answer.
func TestRefusalOfEverythingNeedsNoList(t *testing.T) {
	got, err := Source{}.Consent(request("notice_gdpr_prefs=0:"))
	require.NoError(t, err)
	require.True(t, got.Answered())
	require.Equal(t, consent.Granted, got.Category("1"))
	require.Equal(t, consent.Denied, got.Category("3"))
	require.Equal(t, consent.Denied, got.Destination("Facebook Pixel"))
}

func request(cookies string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {cookies}}}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"permit 1,2,3", "permit 1 required", "permit_1|2", "0,1,2:", "0::implied,us", "permit%201", "permit +1", ":", "permit  required"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		permitted, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Nil(t, permitted)
			return
		}
		require.NotEmpty(t, permitted)
		for _, category := range permitted {
			require.True(t, category >= 1 && category <= maxCategory+1)
		}
	})
}
