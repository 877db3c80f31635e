package mirror

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
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
	unmirrored := cookietest.Difference{Why: "what the visitor answered is not in the cookies", Err: ErrUnmirrored}
	cookietest.Compare(t, cookietest.Cases(t), func(cookietest.Case) conformance.Source { return Source{} }, map[string]cookietest.Difference{
		"sourcepoint-uuid-only": unmirrored,
		"sourcepoint-us":        unmirrored,
		"sourcepoint-legacy":    unmirrored,
		"osano-opaque":          unmirrored,
	})
}

func mirrored(name, value string) cookietest.Case {
	return cookietest.Case{Name: name, Headers: map[string]string{"Cookie": "consent-mirror=" + value}}
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{Vendors: map[string]string{"v1": "Amplitude"}}, []cookietest.Case{
		mirrored("accepted", "1:termly:1764072000:analytics=1&advertising=1::"),
		mirrored("rejected", "1:termly:1764072000:analytics=0&advertising=0::"),
		mirrored("vendors", "1:sourcepoint:1764072000:caf%C3%A9=1:v1=1&v2=0:"),
	}, []string{"accepted", "rejected", "vendors"}, []string{
		"consentUUID=00000000-0000-4000-8000-000000000000_29_37",
		"consent-mirror=", "consent-mirror=1", "consent-mirror=1:a:1:a=1:", "consent-mirror=1:a:1:a=1::x", "consent-mirror=1:a:1:a=1:::",
		"consent-mirror=1::1:a=1::", "consent-mirror=1:a::a=1::", "consent-mirror=1:a:-1:a=1::", "consent-mirror=1:a:99999999999999999999:a=1::",
		"consent-mirror=2:a:1:a=1::", "consent-mirror=1:a:1:::", "consent-mirror=1:a:1:a=2::", "consent-mirror=1:a:1:a::", "consent-mirror=1:a:1:=1::",
		"consent-mirror=1:a:1:a=1&::",
	})
}

func TestAnswers(t *testing.T) {
	given := time.Unix(1764072000, 0)
	const value = "1:sourcepoint:1764072000:p1=1&p2=0&p3=1:v1=1&v2=0&v9=1:"
	names := map[string]string{"p1": "analytics", "p2": "advertising", "p3": "advertising"}
	vendors := map[string]string{"v1": "Amplitude", "v2": "Facebook Pixel"}
	fresh := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	refused := consent.NewState(map[string]bool{"advertising": false})
	for rule, test := range map[string]struct {
		source Source
		header string
		want   consent.State
		err    error
	}{
		"the site's names": {Source{Purposes: names}, value, fresh, nil},
		"vendors": {Source{Purposes: names, Vendors: vendors}, value,
			fresh.WithDestinations(map[string]bool{"Amplitude": true, "Facebook Pixel": false}), nil},
		"young":                   {Source{Purposes: names, MaxAge: time.Hour}, value, fresh, nil},
		"old":                     {Source{Purposes: names, MaxAge: time.Minute}, value, refused, nil},
		"the platform":            {Source{Purposes: names, From: "sourcepoint"}, value, fresh, nil},
		"another platform":        {Source{Purposes: names, From: "osano"}, value, refused, nil},
		"a category left out":     {Source{Purposes: names, Categories: []string{"chat"}}, value, fresh.Restrict(consent.NewState(map[string]bool{"chat": false})), nil},
		"twice":                   {Source{}, "1:a:1:a=1&a=0&a=1::", consent.NewState(map[string]bool{"a": false}), nil},
		"beside a trace":          {Source{Purposes: names}, value + "; consentUUID=x", fresh, nil},
		"a trace of the platform": {Source{From: "osano", Name: "own"}, value + "; osano_consentmanager=x", consent.All(consent.Denied), ErrUnmirrored},
		"a trace of another":      {Source{From: "termly", Name: "own"}, value + "; osano_consentmanager=x; consentUUID=x", consent.NewState(nil), nil},
		"no vendor that is known": {Source{}, "1:a:1::v9=1:", consent.All(consent.Denied), errNone},
		"none of the site's":      {Source{Vendors: vendors}, "1:a:1::v9=1:", consent.NewState(nil).WithDestinations(map[string]bool{}), nil},
		"an error that wraps":     {Source{Name: "own"}, value + "; consentDate=x", consent.All(consent.Denied), cookie.ErrMalformed},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.at(&http.Request{Header: http.Header{"Cookie": {"consent-mirror=" + test.header}}}, given.Add(30*time.Minute))
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.want, got)
		})
	}
}

// written returns the cookies in testdata/scripts.json.
func written(t *testing.T) (cookies map[string]string) {
	data, err := os.ReadFile("testdata/scripts.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &cookies))
	return cookies
}

func TestCookiesOfScriptsAreRead(t *testing.T) {
	services := func(analytics, pixel bool) consent.State {
		return consent.NewState(map[string]bool{"HkocEodjb7": analytics, "ocv9HNX_g": pixel})
	}
	purposes := consent.NewState(map[string]bool{"p1": true, "p2": false})
	termly := consent.NewState(map[string]bool{"essential": true, "performance": true, "analytics": true, "advertising": false, "social_networking": false, "unclassified": false})
	osano := consent.NewState(map[string]bool{"ESSENTIAL": true, "ANALYTICS": true, "MARKETING": false, "PERSONALIZATION": false, "SALE": false})
	klaro := consent.NewState(map[string]bool{"session": true, "café & thé": false})
	orestbida := consent.NewState(map[string]bool{"necessary": true, "analytics": false, "ads": false})
	none := consent.NewState(nil)
	want := map[string]consent.State{
		"sourcepoint": purposes, "sourcepoint, untouched": none, "sourcepoint, unknown": none,
		"sourcepoint, vendors": purposes.WithDestinations(map[string]bool{"Google Analytics": true, "Facebook Pixel": false}),
		"usercentrics":         services(true, false), "usercentrics, loaded again": services(true, false),
		"usercentrics, rejected": services(false, false), "usercentrics, untouched": none,
		"termly": termly, "termly, loaded again": termly, "termly, a default": none, "termly, untouched": none,
		"osano": osano, "osano, loaded again": osano, "osano, untouched": none,
		"klaro": klaro, "klaro, loaded again": klaro, "klaro, untouched": none,
		"orestbida": orestbida, "orestbida, untouched": none, "a date that stays": orestbida,
	}
	cookies := written(t)
	require.Len(t, cookies, len(want))
	for name, header := range cookies {
		platform, _, _ := strings.Cut(name, ",")
		if name == "a date that stays" {
			platform = "orestbida"
			require.Equal(t, cookies["orestbida"], header)
		}
		source := Source{From: platform, Vendors: map[string]string{"5e542b3a4cd8884eb41b5a72": "Google Analytics", "5e7e1298b8e05c54a85c52d2": "Facebook Pixel"}}
		got, err := source.Consent(&http.Request{Header: http.Header{"Cookie": {header}}})
		require.NoError(t, err, name)
		require.Equal(t, want[name], got, name)
	}
}

func TestScriptsWriteRecordedCookies(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node to run the scripts")
	}
	out, err := exec.Command(node, "testdata/run.mjs").Output()
	require.NoError(t, err)
	var cookies map[string]string
	require.NoError(t, json.Unmarshal(out, &cookies))
	require.Equal(t, written(t), cookies)
}

func TestScript(t *testing.T) {
	common, ok := Script("mirror")
	require.True(t, ok)
	for _, platform := range []string{"sourcepoint", "usercentrics", "termly", "osano", "klaro", "orestbida"} {
		script, ok := Script(platform)
		require.True(t, ok, platform)
		own, ok := strings.CutPrefix(script, common)
		require.True(t, ok, platform)
		require.Contains(t, own, "mirrorConsent(")
		require.NotContains(t, script, "</script")
	}
	for _, platform := range []string{"", "none", "../mirror", "mirror.js", "/"} {
		script, ok := Script(platform)
		require.False(t, ok)
		require.Empty(t, script)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "1:a:1:a=1::", "1:a:1:a=1:b=0:", "1:a:1:a=1&a=0::", "2:a:1:a=1::", ":::::", "1:a%3A:1:%3D=1::", "1:a:1099511627775:a=1::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
			return
		}
		require.NotEmpty(t, len(a.Categories)+len(a.Vendors))
		require.LessOrEqual(t, len(a.Categories)+len(a.Vendors), len(value)/3)
		require.True(t, strings.HasPrefix(value, "1:") && strings.HasSuffix(value, ":"))
	})
}
