package didomi

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/cookietest"
)

// A string of a live site, of version 2, written on 2025-11-28.
const dcs = "CEAAAACIiYzOERFVVVVVVVUG6UfOkG6UfUwABBBsAAFooINiAAkUgABoAAQACg0pCbWIZMc4Y7vx4GwDelEGUQsol5RPyiklFaUV0AAGgAFHOGO78eBsA35RXAAA"

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.Cases(t), func(c cookietest.Case) consenttest.Source {
		return Source{Vendors: c.OwnNames()}
	}, map[string]cookietest.Difference{
		"didomi-dcs":     {Why: "an answer with no name in it cannot be told from none, and this one is unread", Err: ErrUnreadable},
		"didomi-garbage": {Why: "what cannot be read may have been an answer", Err: cookie.ErrMalformed},
	})
}

func TestSource(t *testing.T) {
	cookietest.Conform(t, Source{Vendors: map[string]string{"google": "Google Analytics 4 Web"}}, cookietest.Cases(t),
		[]string{"didomi-partial", "didomi-doc-example"},
		[]string{
			"didomi_token=",
			"didomi_token=null",
			token("null"), token("[]"), token(`"purposes"`), token("{}{}"), token(`{"purposes":{"enabled":"a"}}`), token(`{"purposes":{"enabled":[1]}}`),
			"didomi_dcs=", "didomi_dcs=CEAAAACIiYzO", "didomi_dcs=D" + dcs[1:], "didomi_dcs=" + strings.Replace(dcs, "V", "!", 1),
			"didomi_dcs=" + dcs, "didomi_dcs=" + dcs + ".did.ouid~signature",
			token(`{"version":null}`) + "; didomi_dcs=" + dcs,
			token(`{"updated":"2025-11-28T22:05:46.499Z","purposes":{"enabled":["a"]}}`) + "; didomi_dcs=" + dcs,
		})
}

func token(document string) string {
	return "didomi_token=" + base64.StdEncoding.EncodeToString([]byte(document))
}

func request(cookies string) *http.Request {
	return &http.Request{Header: http.Header{"Cookie": {cookies}}}
}

func TestAnswers(t *testing.T) {
	type answers = map[string]bool
	source := Source{
		Purposes:   map[string]string{"a": "analytics", "b": "analytics", "c": "advertising"},
		Vendors:    map[string]string{"google": "Google Analytics"},
		Categories: []string{"analytics", "advertising"},
	}
	for rule, test := range map[string]struct {
		source  Source
		cookies string
		want    consent.State
	}{
		"not answered":        {source, token(`{"user_id":"x","created":"2025-02-10T02:32:41.342Z","updated":"2025-02-10T02:32:41.342Z","version":null}`), consent.NewState(nil)},
		"empty lists":         {source, token(`{"purposes":{"enabled":[],"disabled":[]},"vendors":{}}`), consent.NewState(nil)},
		"one id of two":       {source, token(`{"purposes":{"enabled":["a","c"]}}`), consent.NewState(answers{"analytics": false, "advertising": true})},
		"on both lists":       {Source{}, token(`{"purposes":{"enabled":["a","b"],"disabled":["a"]}}`), consent.NewState(answers{"a": false, "b": true})},
		"vendors":             {source, token(`{"vendors":{"enabled":["google","other"]}}`), consent.NewState(answers{"analytics": false, "advertising": false}).WithDestinations(answers{"Google Analytics": true})},
		"objection":           {Source{}, token(`{"purposes":{"enabled":["a"]},"purposes_li":{"enabled":["c"],"disabled":["a","b"]}}`), consent.NewState(answers{"a": true, "b": false})},
		"percent-encoded":     {Source{}, "didomi_token=" + url.QueryEscape(token(`{"purposes":{"enabled":["a"]}} `)[13:]), consent.NewState(answers{"a": true})},
		"other names":         {Source{TokenName: "t", StringName: "s"}, "didomi_token=x; didomi_dcs=y; t=" + token(`{"purposes":{"enabled":["a"]}}`)[13:], consent.NewState(answers{"a": true})},
		"a string of its day": {Source{}, token(`{"updated":"2025-11-28T22:05:46.500Z","purposes":{"enabled":["a"]}}`) + "; didomi_dcs=" + dcs, consent.NewState(answers{"a": true})},
		"an older string":     {Source{}, token(`{"updated":"2026-11-28T22:05:46.500Z","purposes":{"enabled":["a"]}}`) + "; didomi_dcs=" + dcs, consent.NewState(answers{"a": true})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(request(test.cookies))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestOutdatedAnswersKeepTheirDenialsAlone(t *testing.T) {
	updated := time.Date(2025, 2, 10, 2, 32, 47, 0, time.UTC)
	cookies := token(`{"updated":"2025-02-10T02:32:47.000Z","purposes":{"enabled":["a"],"disabled":["b"]}}`)
	got, err := Source{MaxAge: time.Hour}.at(request(cookies), updated.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(map[string]bool{"a": true, "b": false}), got)
	got, err = Source{MaxAge: time.Hour}.at(request(cookies), updated.Add(time.Hour+1))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(map[string]bool{"b": false}), got)
}

func TestStringOfALiveSite(t *testing.T) {
	updated, err := parseString(dcs)
	require.NoError(t, err)
	require.Equal(t, "2025-11-28T22:05:47.5Z", updated.UTC().Format(time.RFC3339Nano))
}

func FuzzParse(f *testing.F) {
	for _, c := range cookietest.Cases(f) {
		_, value, _ := strings.Cut(c.Headers["Cookie"], "=")
		value, _, _ = strings.Cut(value, ";")
		f.Add(value)
	}
	f.Add(token(`{"purposes":{"enabled":["a"],"disabled":["a"]},"Updated":"2025-02-10T02:32:47.000Z"}`)[13:])
	f.Fuzz(func(t *testing.T, value string) {
		if a, err := Parse(value); err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
		} else {
			require.LessOrEqual(t, len(a.Purposes)+len(a.Vendors), len(value)/4+1)
		}
		if _, err := parseString(value); err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
		}
	})
}

// The worst of what fits a cookie: as many ids, and as deep, as there can be.
func BenchmarkWorstParse(b *testing.B) {
	for name, document := range map[string]string{
		"ids":   `{"purposes":{"enabled":["` + strings.Repeat(`","`, 970) + `"]}}`,
		"depth": strings.Repeat(`{"a":`, 600),
		"lists": `{"a":` + strings.Repeat("[", 3000),
		"text":  `{"a":"` + strings.Repeat(`\u0000`, 500) + `"}`,
	} {
		value := base64.StdEncoding.EncodeToString([]byte(document))
		require.LessOrEqual(b, len(value), 4096)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse(value)
			}
		})
	}
}
