package didomi

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/cookietest"
)

// A string of a live site, of version 2, written on 2025-11-28.
const dcs = "CEAAAACIiYzOERFVVVVVVVUG6UfOkG6UfUwABBBsAAFooINiAAkUgABoAAQACg0pCbWIZMc4Y7vx4GwDelEGUQsol5RPyiklFaUV0AAGgAFHOGO78eBsA35RXAAA"

func TestCases(t *testing.T) {
	cookietest.Compare(t, cookietest.Cases(t), func(c cookietest.Case) conformance.Source {
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
			"didomi_dcs=" + composeSynced("1", fromOne, none), "didomi_dcs=" + composeSynced(fmt.Sprintf("1%036b", tenths-1), fromOne, none),
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
		"a string of its day": {Source{}, token(`{"updated":"2025-11-28T22:05:47.412Z","purposes":{"enabled":["a"]}}`) + "; didomi_dcs=" + dcs, consent.NewState(answers{"a": true})},
		"an older string":     {Source{}, token(`{"updated":"2026-11-28T22:05:46.500Z","purposes":{"enabled":["a"]}}`) + "; didomi_dcs=" + dcs, consent.NewState(answers{"a": true})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(request(test.cookies))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestOutdatedAnswersKeepOnlyDenials(t *testing.T) {
	updated := time.Date(2025, 2, 10, 2, 32, 47, 0, time.UTC)
	cookies := token(`{"updated":"2025-02-10T02:32:47.000Z","purposes":{"enabled":["a"],"disabled":["b"]}}`)
	got, err := Source{MaxAge: time.Hour}.at(request(cookies), updated.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(map[string]bool{"a": true, "b": false}), got)
	got, err = Source{MaxAge: time.Hour}.at(request(cookies), updated.Add(time.Hour+1))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(map[string]bool{"b": false}), got)
}

// The lists of a live site's string: purposes with consent, purposes with legitimate interest,
// and the same two for vendors. Every number of a second list is also in the first.
func TestStringFromLiveSite(t *testing.T) {
	body, updated, err := parseHeader(dcs)
	require.NoError(t, err)
	require.Equal(t, "2025-11-28T22:05:47.5Z", updated.UTC().Format(time.RFC3339Nano))
	require.Equal(t, list{{16816, 16816, true}, {16817, 16817, true}, {16819, 16819, true}, {16820, 16820, true}}, body.list())
	require.Equal(t, list{{16817, 16817, true}, {16819, 16819, true}, {16820, 16820, true}}, body.list())
	require.Equal(t, list{
		{1, 2, true}, {1684, 1684, true}, {2485, 2485, true}, {4297, 4297, true}, {7393, 7393, true}, {7647, 7647, true}, {7686, 7686, true},
		{32879, 32879, true}, {37953, 37954, true}, {37963, 37963, true}, {37967, 37967, true}, {37970, 37970, true}, {37974, 37975, true},
	}, body.list())
	require.Equal(t, list{
		{2, 2, true}, {7393, 7393, true}, {7647, 7647, true}, {7686, 7686, true}, {32879, 32879, true}, {37975, 37975, true},
	}, body.list())
	require.False(t, body.failed)
}

const tenths = 17672256000 // 2026-01-01

// compose returns a string of version 2, updated at the dawn of 2026, with these bits for
// its lists.
func compose(lists ...string) string { return composeSynced("0", lists...) }

func composeSynced(sync string, lists ...string) string {
	all := fmt.Sprintf("%06b%0128b%036b%036b%016b", 2, 7, tenths, tenths, 1) + sync + strings.ReplaceAll(strings.Join(lists, ""), " ", "")
	all += strings.Repeat("0", (24-len(all)%24)%24)
	var value strings.Builder
	for i := 0; i < len(all); i += 6 {
		n, _ := strconv.ParseUint(all[i:i+6], 2, 8)
		value.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[n])
	}
	return value.String()
}

const (
	fromOne = "00 1 0000000000000011 100100"                                 // 1 enabled, 2 disabled, 3 unknown
	fromTwo = "00 0 0000000000000010 0000000000000010 0101"                  // 2 and 3 disabled
	none    = "00 1 0000000000000000"                                        // no number
	ranges  = "01 0000 0000000000000001 0 0000000000000101 0000000000000110" // 5 to 6 enabled
)

func TestStrings(t *testing.T) {
	type answers = map[string]bool
	ids := map[int]string{1: "a", 2: "b", 3: "c", 5: "e", 9: "i"}
	source := Source{PurposeIDs: ids, Purposes: map[string]string{"b": "advertising"}}
	vendors := Source{PurposeIDs: ids, VendorIDs: ids, Vendors: map[string]string{"a": "Amplitude", "e": "Intercom"}}
	for rule, test := range map[string]struct {
		source  Source
		cookies string
		want    consent.State
	}{
		"consent":          {source, compose(fromOne, none), consent.NewState(answers{"a": true, "advertising": false})},
		"an objection too": {source, compose(fromOne, fromTwo), consent.NewState(answers{"a": true, "advertising": false, "c": false})},
		"ranges":           {source, compose(ranges, none), consent.NewState(answers{"e": true})},
		"vendors": {vendors, compose(none, fromTwo, fromOne, ranges),
			consent.NewState(answers{"b": false, "c": false}).WithDestinations(answers{"Amplitude": true})},
		"vendors in a form that is not known, of a site without any": {source, compose(fromOne, none, "11"), consent.NewState(answers{"a": true, "advertising": false})},
		"old":           {Source{PurposeIDs: ids, MaxAge: time.Hour}, compose(fromOne, none), consent.NewState(answers{"b": false})},
		"left out":      {Source{PurposeIDs: ids, Categories: []string{"z"}}, compose(ranges, none), consent.NewState(answers{"e": true, "z": false})},
		"synchronized":  {source, composeSynced(fmt.Sprintf("1%036b", tenths+600), fromOne, none), consent.NewState(answers{"a": true, "advertising": false})},
		"a newer token": {source, compose(fromOne, none) + "; " + token(`{"updated":"2026-01-01T00:00:00.000Z","purposes":{"enabled":["b"]}}`), consent.NewState(answers{"advertising": true})},
		"an older token": {source, compose(fromOne, none) + "; " + token(`{"updated":"2025-12-31T23:59:58.000Z","purposes":{"enabled":["b"]}}`),
			consent.NewState(answers{"a": true, "advertising": false})},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.at(request("didomi_dcs="+test.cookies), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	for rule, test := range map[string]struct {
		source  Source
		cookies string
	}{
		"no numbers of the site":      {Source{}, compose(fromOne, none)},
		"none of the site's numbers":  {Source{PurposeIDs: map[int]string{7: "g"}}, compose(fromOne, none)},
		"Fibonacci codes":             {source, compose("10", none)},
		"ranges of other statuses":    {source, compose("01 0101 0000000000000001 1 0000000000000101", none)},
		"an invalid status":           {source, compose("00 1 0000000000000001 11", none)},
		"more numbers than there are": {source, compose("00 1 1111111111111111 10")},
		"more ranges than there are":  {source, compose("01 0000 1111111111111111 1 0000000000000001")},
		"a range that runs backwards": {source, compose("01 0000 0000000000000001 0 0000000000000101 0000000000000001", none)},
		"ranges out of order":         {source, compose("01 0000 0000000000000010 1 0000000000000101 1 0000000000000001", none)},
		"cut in the purposes":         {source, compose(fromOne)},
		"vendors in a form not known": {vendors, compose(fromOne, none, "11")},
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := test.source.Consent(request("didomi_dcs=" + test.cookies))
			require.ErrorIs(t, err, ErrUnreadable)
			require.Equal(t, consent.All(consent.Denied), got)
		})
	}
}

func FuzzParse(f *testing.F) {
	cookietest.AddSeeds(f)
	f.Add(dcs)
	f.Add(compose(fromOne, ranges, none, fromTwo))
	f.Add(token(`{"purposes":{"enabled":["a"],"disabled":["a"]},"Updated":"2025-02-10T02:32:47.000Z"}`)[13:])
	f.Fuzz(func(t *testing.T, value string) {
		if a, err := Parse(value); err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
		} else {
			require.LessOrEqual(t, len(a.Purposes)+len(a.Vendors), len(value)/4+1)
		}
		ids := map[int]string{1: "a", 2: "b", 16816: "c"}
		if a, err := ParseString(value, ids, ids); err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
		} else {
			require.True(t, a.answered() && len(a.Purposes) <= 3 && len(a.Vendors) <= 3)
		}
	})
}

// The worst that fits a cookie: the most ids, nested the deepest.
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

// The most ranges that fit a cookie, for a site with 200 purposes and 200 vendors.
func BenchmarkWorstString(b *testing.B) {
	var ids strings.Builder
	for i := range 1380 {
		fmt.Fprintf(&ids, "1%016b", 2*i+1)
	}
	value := compose("01 0000", fmt.Sprintf("%016b", 1380), ids.String(), none, none, none)
	require.LessOrEqual(b, len(value), 4096)
	numbers := make(map[int]string)
	for i := range 200 {
		numbers[2*i] = strconv.Itoa(i)
	}
	numbers[1] = "one"
	_, err := ParseString(value, numbers, numbers)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = ParseString(value, numbers, numbers)
	}
}
