package gpp_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/gpp"
)

const (
	optedOut    = "DBABLA~BVQVAAAAAAGA.YA" // usnat: of everything, and the browser sent GPC
	partly      = "DBABLA~CVQZAAAAAACA.QA" // usnat: of sale and targeted advertising
	notOptedOut = "DBABLA~BVQqAAAACgA.QA"
	onlyGPC     = "DBABLA~BAAAAAAAAgA.YA"
	california  = "DBABBg~BUUAAACA.QA" // usca: of sale and sharing
)

func TestSource(t *testing.T) {
	conformance.TestSource(t, func() gpp.Source { return gpp.Source{} }, conformance.SourceExamples{
		Answers: []conformance.SourceAnswer{
			{Header: http.Header{"Cookie": {"__gpp=" + optedOut}}, State: deny("sale", "sharing", "targeted_advertising")},
			{Header: http.Header{"Cookie": {"__gpp=" + partly + "; __gpp_sid=7"}}, State: deny("sale", "targeted_advertising")},
			{Header: http.Header{"Cookie": {"__gpp=" + california}}, State: deny("sale", "sharing")},
		},
		Malformed: []http.Header{
			{"Cookie": {"__gpp=DBABLA~BVQVAAAAAAG"}},
			{"Cookie": {"__gpp=DBAB6AlBYA"}},
			{"Cookie": {"__gpp=" + optedOut + "; __gpp_sid=seven7"}},
		},
	})
}

func deny(categories ...string) consent.State {
	answers := map[string]bool{}
	for _, category := range categories {
		answers[category] = false
	}
	return consent.NewState(answers)
}

func request(cookies string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {cookies}}}
}

func TestConsent(t *testing.T) {
	several := header(6, 7, 8) + "~1YNN~" + "BVQqAAAACgA.QA" + "~BUUAAACA.QA" // opted out in California alone
	for name, test := range map[string]struct {
		source  gpp.Source
		cookies string
		want    consent.State
	}{
		"no cookie":                             {cookies: "a=b", want: consent.NewState(nil)},
		"a string without sections":             {cookies: "__gpp=DBAA", want: consent.NewState(nil)},
		"not opted out":                         {cookies: "__gpp=" + notOptedOut, want: consent.NewState(nil)},
		"GPC alone":                             {cookies: "__gpp=" + onlyGPC, want: deny("sale", "sharing", "targeted_advertising")},
		"in double quotes":                      {cookies: `__gpp="` + california + `"`, want: deny("sale", "sharing")},
		"with the tilde escaped":                {cookies: "__gpp=" + strings.ReplaceAll(california, "~", "%7e"), want: deny("sale", "sharing")},
		"another name":                          {source: gpp.Source{Name: "OTGPPConsent"}, cookies: "__gpp=x; OTGPPConsent=" + california, want: deny("sale", "sharing")},
		"two copies, alike":                     {cookies: "__gpp=" + california + "; __gpp=" + california, want: deny("sale", "sharing")},
		"two copies, of which one opts out":     {cookies: "__gpp=" + notOptedOut + "; __gpp=" + california, want: deny("sale", "sharing")},
		"all sections in force":                 {cookies: "__gpp=" + several, want: deny("sale", "sharing")},
		"a section in force":                    {cookies: "__gpp=" + several + "; __gpp_sid=8", want: deny("sale", "sharing")},
		"a section in force without an opt-out": {cookies: "__gpp=" + several + "; __gpp_sid=7", want: consent.NewState(nil)},
		"sections in force":                     {cookies: "__gpp=" + several + `; __gpp_sid="6, 8"`, want: deny("sale", "sharing")},
		"sections in force, escaped":            {cookies: "__gpp=" + several + "; __gpp_sid=6%2C8", want: deny("sale", "sharing")},
		"two lists of sections in force":        {cookies: "__gpp=" + several + "; __gpp_sid=7; __gpp_sid=8", want: deny("sale", "sharing")},
		"an empty list":                         {cookies: "__gpp=" + several + "; __gpp_sid=", want: deny("sale", "sharing")},
		"none in force":                         {cookies: "__gpp=" + several + "; __gpp_sid=-1", want: deny("sale", "sharing")},
		"a list of other sections":              {cookies: "__gpp=" + several + "; __gpp_sid=2,9", want: deny("sale", "sharing")},
		"a list beside another name":            {source: gpp.Source{Name: "g"}, cookies: "g=" + several + "; __gpp_sid=7", want: deny("sale", "sharing")},
		"a list of another name":                {source: gpp.Source{Name: "g", InForce: "s"}, cookies: "g=" + several + "; s=7", want: consent.NewState(nil)},
		"a US Privacy section":                  {cookies: "__gpp=" + header(6) + "~1YYN", want: deny("sale")},
		"a US Privacy section without one":      {cookies: "__gpp=" + header(6) + "~1---", want: consent.NewState(nil)},
		"mapped": {
			source:  gpp.Source{Purposes: map[string]string{"sale": "ads", "sharing": "ads", "usnat.sale": "resale"}},
			cookies: "__gpp=" + several, want: deny("ads"),
		},
		"mapped for a section": {
			source:  gpp.Source{Purposes: map[string]string{"sale": "ads", "usca.sale": "resale"}},
			cookies: "__gpp=" + several, want: deny("resale", "sharing"),
		},
		"mapped to an empty name": {
			source:  gpp.Source{Purposes: map[string]string{"sale": " "}},
			cookies: "__gpp=" + several, want: consent.All(consent.Denied),
		},
		"mapped to an empty name, and no opt-out of it": {
			source:  gpp.Source{Purposes: map[string]string{"targeted_advertising": ""}},
			cookies: "__gpp=" + several, want: deny("sale", "sharing"),
		},
		"sensitive data": {
			cookies: "__gpp=" + header(8) + "~BAAQAACA", want: deny("sensitive_data_2"),
		},
		"sensitive data, mapped": {
			source:  gpp.Source{Purposes: map[string]string{"usca.sensitive_data_2": "location", "sensitive_data_2": "other"}},
			cookies: "__gpp=" + header(8) + "~BAAQAACA", want: deny("location"),
		},
		"consents that are not mapped": {cookies: "__gpp=" + header(8) + "~BAAAABWA", want: consent.NewState(nil)},
		"consents that are mapped": {
			source: gpp.Source{Purposes: map[string]string{
				"known_child_1": "children", "usca.known_child_2": "teenagers", "personal_data": "beyond"}},
			cookies: "__gpp=" + header(8) + "~BAAAABWA", want: deny("children", "teenagers", "beyond"),
		},
		"a consent to sensitive data": {cookies: "__gpp=" + header(25) + "~BQAA.BAA", want: deny("sensitive_data_3")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.source.Consent(request(test.cookies))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestConsentFailsClosed(t *testing.T) {
	for name, test := range map[string]struct {
		source  gpp.Source
		cookies string
		err     error
	}{
		"malformed":                       {cookies: "__gpp=x", err: cookie.ErrMalformed},
		"empty":                           {cookies: "__gpp=", err: cookie.ErrMalformed},
		"one copy of two":                 {cookies: "__gpp=" + notOptedOut + "; __gpp=x", err: cookie.ErrMalformed},
		"one section of two":              {cookies: "__gpp=" + header(7, 8) + "~BVQqAAAACgA.QA~BUUAAAC", err: cookie.ErrMalformed},
		"a bad section out of force":      {cookies: "__gpp=" + header(7, 8) + "~BVQqAAAACgA.QA~BUUAAAC; __gpp_sid=7", err: cookie.ErrMalformed},
		"a part of a string":              {source: gpp.Source{Name: "OTGPPConsent"}, cookies: "OTGPPConsent=DBABLA~BVQqAA", err: cookie.ErrMalformed},
		"a TC string":                     {cookies: "__gpp=" + header(2) + "~CPXx", err: gpp.ErrUnread},
		"a TC string beside a US section": {cookies: "__gpp=" + header(2, 7) + "~CPXx~BVQqAAAACgA.QA", err: gpp.ErrUnread},
		"a Canadian TC string":            {source: gpp.Source{TCF: grants}, cookies: "__gpp=" + header(5) + "~CPXx", err: gpp.ErrUnread},
		"a section not known yet":         {cookies: "__gpp=" + header(28) + "~BAAA; __gpp_sid=28", err: gpp.ErrUnread},
		"an invalid list":                 {cookies: "__gpp=" + notOptedOut + "; __gpp_sid=7;__gpp_sid=usnat", err: cookie.ErrMalformed},
		"a list that is too long":         {cookies: "__gpp=" + notOptedOut + "; __gpp_sid=7" + strings.Repeat(",7", 64), err: cookie.ErrMalformed},
		"a huge list":                     {cookies: "__gpp=" + notOptedOut + "; __gpp_sid=" + strings.Repeat("0", 1<<20) + "7", err: cookie.ErrMalformed},
		"too many lists":                  {cookies: "__gpp=" + notOptedOut + strings.Repeat("; __gpp_sid=7", 9), err: cookie.ErrMalformed},
		"TCF's own error": {
			source:  gpp.Source{TCF: func(string) (consent.State, error) { return consent.NewState(nil), errTCF }},
			cookies: "__gpp=" + header(2) + "~CPXx", err: errTCF,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.source.Consent(request(test.cookies))
			require.ErrorIs(t, err, test.err)
			require.Equal(t, consent.All(consent.Denied), got)
		})
	}
	require.ErrorIs(t, gpp.ErrUnread, cookie.ErrMalformed)
}

var errTCF = errors.New("of the other package")

func grants(value string) (consent.State, error) {
	if value != "CPXx" {
		return consent.All(consent.Denied), errTCF
	}
	return consent.NewState(map[string]bool{"analytics": true, "sale": true}), nil
}

func TestConsentGivesTheTCStringToTCF(t *testing.T) {
	both := "__gpp=" + header(2, 6) + "~CPXx~1YYN"
	for cookies, want := range map[string]consent.State{
		both:                  consent.NewState(map[string]bool{"analytics": true, "sale": false}),
		both + ";__gpp_sid=2": consent.NewState(map[string]bool{"analytics": true, "sale": true}),
		both + ";__gpp_sid=6": deny("sale"),
	} {
		got, err := gpp.Source{TCF: grants}.Consent(request(cookies))
		require.NoError(t, err)
		require.Equal(t, want, got, cookies)
	}
}

func TestConsentSkips(t *testing.T) {
	got, err := gpp.Source{Skip: []int{2, 28}}.Consent(request("__gpp=" + header(2, 6, 28) + "~CPXx~1YYN~BAAA"))
	require.NoError(t, err)
	require.Equal(t, deny("sale"), got)
}

func TestDecodeLimitsItsInput(t *testing.T) {
	got, err := gpp.Source{}.Decode(strings.Repeat("%", 1<<20))
	require.ErrorIs(t, err, cookie.ErrMalformed)
	require.Equal(t, consent.All(consent.Denied), got)
}
