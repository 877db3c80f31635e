package iubenda

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
	cookietest.Compare(t, cookietest.Cases(t), func(cookietest.Case) conformance.Source { return Source{} }, nil)
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{}, cookietest.Cases(t),
		[]string{"iubenda-purposes", "iubenda-reject"},
		[]string{
			"_iub_cs-5=", "_iub_cs-5=null", "_iub_cs-5=true", "_iub_cs-5=[]", `_iub_cs-s5={"consent":1}`, `_iub_cs-5={"consent":true}}`,
			`_iub_cs-5={"purposes":{"1":null}}`, `_iub_cs-5={"purposes":{"1":"true"}}`, `_iub_cs-5={"purposes":[true]}`,
			"_iub_cs-1={}; _iub_cs-2={}; _iub_cs-3={}; _iub_cs-4={}; _iub_cs-5={}; _iub_cs-6={}; _iub_cs-7={}; _iub_cs-8={}; _iub_cs-9={}",
		})
	cookietest.Conform(t, Source{}, cookietest.Cases(t), []string{"iubenda-consent-true"}, []string{"_iub_cs-5=x"})
}

func TestAnswers(t *testing.T) {
	date := time.Date(2025, 2, 5, 15, 40, 0, 0, time.UTC)
	const purposes = `{"timestamp":"2025-02-05T15:40:00.000Z","purposes":{"1":true,"2":true,"3":false,"4":true}}`
	type answers = map[string]bool
	names := map[string]string{"2": "functional", "3": "functional", "4": "analytics"}
	single := map[string]string{All: "analytics"}
	for rule, test := range map[string]struct {
		source  Source
		cookies string
		want    consent.State
	}{
		"the site's names": {Source{Purposes: names, Categories: []string{"analytics", "advertising"}}, "_iub_cs-5=" + purposes,
			consent.NewState(answers{"1": true, "functional": false, "analytics": true, "advertising": false})},
		"young":         {Source{MaxAge: time.Hour}, "_iub_cs-5=" + purposes, consent.NewState(answers{"1": true, "2": true, "3": false, "4": true})},
		"old":           {Source{MaxAge: time.Minute}, "_iub_cs-5=" + purposes, consent.NewState(answers{"3": false})},
		"yes to all":    {Source{Purposes: single}, `_iub_cs-s5={"consent":true}`, consent.NewState(answers{"analytics": true})},
		"no to all":     {Source{Purposes: single}, `_iub_cs-5={"consent":false}`, consent.NewState(answers{"analytics": false}).Or(consent.All(consent.Denied))},
		"only an id":    {Source{Categories: []string{"a"}}, `_iub_cs-5={"id":5}`, consent.NewState(nil)},
		"other cookies": {Source{}, `_iub_cs-5-uspr={"s":true}; _iub_cs-=x; _iub_cs-s=x; _iub_cs-a=x; _iub_cs-5-granular=x`, consent.NewState(nil)},
		"two policies":  {Source{}, `_iub_cs-5={"purposes":{"4":true}}; _iub_cs-6={"purposes":{"4":false,"5":true}}; _iub_cs-7={"id":7}`, consent.NewState(answers{"4": false, "5": true})},
		"one of them":   {Source{PolicyID: "5"}, `_iub_cs-5={"purposes":{"4":true}}; _iub_cs-6=x`, consent.NewState(answers{"4": true})},
		"two copies":    {Source{}, `_iub_cs-5={"purposes":{"4":true,"5":true}}; _iub_cs-5={"purposes":{"4":false,"5":true}}`, consent.NewState(answers{"4": false, "5": true})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.at(&http.Request{Header: http.Header{"Cookie": {test.cookies}}}, date.Add(30*time.Minute))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	cookietest.AddSeeds(f)
	f.Add(`{"consent":false,"purposes":{"1":null}}`)
	f.Fuzz(func(t *testing.T, value string) {
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
			return
		}
		require.LessOrEqual(t, len(a.Purposes), len(value)/7+1)
	})
}

// The worst that fits a cookie: the most purposes, nested the deepest.
func BenchmarkWorstParse(b *testing.B) {
	var purposes strings.Builder
	for i := range 368 {
		fmt.Fprintf(&purposes, `"%03d":true,`, i)
	}
	for name, value := range map[string]string{
		"purposes": `{"purposes":{` + purposes.String() + `"a":true}}`,
		"depth":    strings.Repeat(`{"a":`, 819),
		"lists":    `{"a":` + strings.Repeat("[", 4080),
		"text":     `{"timestamp":"` + strings.Repeat(`\u0000`, 675) + `"}`,
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
