package complianz

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

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
		[]string{"complianz-accept", "complianz-deny", "complianz-partial", "complianz-service", "complianz-rt-prefix"},
		[]string{
			"cmplz_banner-status=dismissed",
			"cmplz_banner-status=dismisse; cmplz_marketing=allow",
			"cmplz_banner-status=dismissed; cmplz_marketing=al",
			"cmplz_banner-status=dismissed; cmplz_marketing=",
			"cmplz_banner-status=dismissed; cmplz_marketing=allow; cmplz_rt_banner-status=dismissed; cmplz_rt_marketing=x",
			`cmplz_banner-status=dismissed; cmplz_marketing=allow; cmplz_consented_services={"youtube":1}`,
			`cmplz_banner-status=dismissed; cmplz_marketing=allow; cmplz_consented_services={"youtube":null}`,
			`cmplz_banner-status=dismissed; cmplz_marketing=allow; cmplz_consented_services=null`,
		})
}

func TestAnswers(t *testing.T) {
	const cookies = "cmplz_banner-status=dismissed; cmplz_policy_id=16; cmplz_statistics=allow; cmplz_marketing=deny; cmplz_consented_services=[]"
	type answers = map[string]bool
	for rule, test := range map[string]struct {
		source  Source
		cookies string
		want    consent.State
	}{
		"the plugin's names": {Source{}, cookies, consent.NewState(answers{"statistics": true, "marketing": false})},
		"the site's names": {
			Source{Groups: map[string]string{"statistics": "analytics", "marketing": "advertising"}, Categories: []string{"analytics", "chat"}}, cookies,
			consent.NewState(answers{"analytics": true, "advertising": false, "chat": false})},
		"the policy":           {Source{PolicyID: "16"}, cookies, consent.NewState(answers{"statistics": true, "marketing": false})},
		"another policy":       {Source{PolicyID: "17"}, cookies, consent.NewState(answers{"marketing": false})},
		"one of two policies":  {Source{PolicyID: "16"}, cookies + "; cmplz_policy_id=15", consent.NewState(answers{"marketing": false})},
		"no policy":            {Source{PolicyID: "16"}, strings.ReplaceAll(cookies, "policy_id", "x"), consent.NewState(answers{"marketing": false})},
		"a banner shown again": {Source{}, strings.ReplaceAll(cookies, "dismissed", "show"), consent.NewState(nil)},
		"two copies":           {Source{}, cookies + "; cmplz_banner-status=show; cmplz_statistics=deny", consent.NewState(answers{"statistics": false, "marketing": false})},
		"both prefixes":        {Source{}, cookies + "; cmplz_rt_banner-status=dismissed; cmplz_rt_marketing=allow; cmplz_rt_statistics=deny", consent.NewState(answers{"statistics": false, "marketing": false})},
		"a prefix":             {Source{Prefix: "cmplz_"}, cookies + "; cmplz_rt_banner-status=dismissed; cmplz_rt_statistics=deny", consent.NewState(answers{"statistics": true, "marketing": false})},
		"services of one site": {Source{Vendors: map[string]string{"youtube": "YouTube"}}, cookies, consent.NewState(answers{"statistics": true, "marketing": false})},
		"services, encoded": {Source{Vendors: map[string]string{"youtube": "YouTube"}}, strings.ReplaceAll(cookies, "[]", "{%22youtube%22:false}"),
			consent.NewState(answers{"statistics": true, "marketing": false}).WithDestinations(answers{"YouTube": false})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(&http.Request{Header: http.Header{"Cookie": {test.cookies}}})
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"allow", "deny", "", "[]", `{"youtube":true,"google-maps":false}`, `{"a":null}`, "{%22a%22:true}", strings.Repeat(`{"a":`, 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if granted, err := Parse(value); err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.False(t, granted)
		}
		if services, err := ParseServices(value); err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Nil(t, services)
		} else {
			require.LessOrEqual(t, len(services), len(value)/7+1)
		}
	})
}

// The worst that fits a cookie: the most services, nested the deepest.
func BenchmarkWorstParse(b *testing.B) {
	var services strings.Builder
	for i := range 371 {
		fmt.Fprintf(&services, `"%03d":true,`, i)
	}
	for name, value := range map[string]string{
		"services": "{" + services.String() + `"z":true}`,
		"depth":    strings.Repeat(`{"a":`, 819),
		"lists":    `{"a":` + strings.Repeat("[", 4080),
		"escapes":  strings.Repeat("%7B", 1365),
	} {
		require.LessOrEqual(b, len(value), 4096)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ParseServices(value)
			}
		})
	}
}
