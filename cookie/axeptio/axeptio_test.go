package axeptio

import (
	"fmt"
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
	cookietest.Compare(t, cookietest.ServiceCases(t), func(cookietest.Case) conformance.Source { return Source{} }, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.ServiceCases(t),
		[]string{"axeptio-accept", "axeptio-reject", "axeptio-partial", "axeptio-gcm"},
		[]string{
			"axeptio_cookies=", "axeptio_cookies=null", "axeptio_cookies=true", "axeptio_cookies=[]",
			`axeptio_cookies={"$$completed":true}`,
			`axeptio_cookies={"$$completed":true,"Bing":1}`,
			`axeptio_cookies={"$$completed":true,"Bing":null}`,
			`axeptio_cookies={"$$completed":true,"Bing":true}}`,
			`axeptio_cookies={"$$completed":true,"Bing":tru`,
		})
}

func request(value string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {"axeptio_cookies=" + value}}}
}

func TestAnswers(t *testing.T) {
	date := time.Date(2024, 12, 20, 18, 55, 15, 0, time.UTC)
	const value = `{"$$date":"2024-12-20T18:55:15.000Z","$$cookiesVersion":{"name":"site-2","identifier":"619e"},"$$completed":true,"ga":true,"Bing":false,"fb":true}`
	services := map[string]string{"ga": "analytics", "Bing": "advertising", "fb": "advertising"}
	fresh := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	refused := consent.NewState(map[string]bool{"advertising": false})
	for rule, test := range map[string]struct {
		source Source
		value  string
		want   consent.State
	}{
		"no limits":          {Source{Services: services}, value, fresh},
		"young":              {Source{Services: services, MaxAge: time.Hour}, value, fresh},
		"old":                {Source{Services: services, MaxAge: time.Minute}, value, refused},
		"the version's name": {Source{Services: services, Version: "site-2"}, value, fresh},
		"the version's id":   {Source{Services: services, Version: "619e"}, value, fresh},
		"another version":    {Source{Services: services, Version: "site-3"}, value, refused},
		"a category that is left out": {Source{Services: services, Categories: []string{"chat"}}, value,
			consent.NewState(map[string]bool{"analytics": true, "advertising": false, "chat": false})},
		"not completed, with services": {Source{}, `{"$$completed":false,"ga":true}`, consent.NewState(nil)},
		"completed as a string":        {Source{}, `{"$$completed":"true","ga":true}`, consent.NewState(nil)},
		"no $$completed":               {Source{}, `{"ga":true}`, consent.NewState(nil)},
		"an invalid date":              {Source{MaxAge: time.Hour}, `{"$$completed":true,"$$date":1,"ga":true,"fb":false}`, consent.NewState(map[string]bool{"fb": false})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.at(request(test.value), date.Add(30*time.Minute))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	got, err := Source{Name: "own"}.Consent(&http.Request{Header: http.Header{"Cookie": {"axeptio_cookies=x; own=" + value}}})
	require.NoError(t, err)
	require.Equal(t, consent.NewState(map[string]bool{"ga": true, "Bing": false, "fb": true}), got)
}

func FuzzParse(f *testing.F) {
	cookietest.AddSeeds(f)
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
			return
		}
		require.LessOrEqual(t, len(a.Services), len(value)/7+1)
	})
}

// The worst that fits a cookie: the most services, nested the deepest.
func BenchmarkWorstParse(b *testing.B) {
	var services strings.Builder
	for i := range 370 {
		fmt.Fprintf(&services, `"%03d":true,`, i)
	}
	for name, value := range map[string]string{
		"services": "{" + services.String() + `"$$completed":true}`,
		"depth":    strings.Repeat(`{"a":`, 819),
		"lists":    `{"$$a":` + strings.Repeat("[", 4080),
		"text":     `{"$$date":"` + strings.Repeat(`\u0000`, 675) + `"}`,
		"escapes":  strings.Repeat("%7B", 1365),
	} {
		require.LessOrEqual(b, len(value), 4096)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse(value)
			}
		})
	}
}
