package adopt

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
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
		[]string{"accept", "reject", "partial"},
		[]string{
			"AdoptConsent=", "AdoptConsent=Q===", "AdoptConsent=AAAA", "AdoptConsent=%%%%", "AdoptConsent={}",
			"AdoptConsent=" + compressed(t, ""), "AdoptConsent=" + compressed(t, "aa"),
		})
}

// compressed returns what lz-string made of one of its texts.
func compressed(t testing.TB, text string) string {
	for _, pair := range pairs(t) {
		if pair[0] == text {
			return pair[1]
		}
	}
	t.Fatal("no such text")
	return ""
}

func pairs(t testing.TB) (pairs [][2]string) {
	data, err := os.ReadFile("testdata/lzstring.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &pairs))
	return pairs
}

func TestDecompressAgreesWithLZString(t *testing.T) {
	for _, pair := range pairs(t) {
		text, ok := decompress(pair[1])
		require.True(t, ok)
		require.Equal(t, pair[0], text)
		for n := range min(len(strings.TrimRight(pair[1], "=")), 300) {
			text, ok := decompress(pair[1][:n])
			if ok { // what was cut off is behind the end
				require.Equal(t, pair[0], text)
			} else {
				require.Empty(t, text)
			}
			require.False(t, ok && n < len(strings.TrimRight(pair[1], "A="))-1, "cut off after %d of %d", n, len(pair[1]))
		}
	}
}

// bomb is one letter over and over, which compresses best: each number stands for an
// entry one longer than the one before.
func bomb(size int) string {
	b := bitWriter{}
	b.write(0, 2)
	b.write('a', 8)
	width, room := 3, 4
	for number := 4; ; number++ {
		if b.digits() >= size {
			return b.String()
		}
		b.write(number, width)
		if room--; room == 0 {
			room = 1 << width
			width++
		}
	}
}

// A bitWriter writes numbers as bits reads them.
type bitWriter struct {
	out []byte
	n   int
}

func (b *bitWriter) digits() int { return len(b.out) }

func (b *bitWriter) String() string { return string(b.out) }

func (b *bitWriter) write(number, width int) {
	for i := range width {
		if b.n%6 == 0 {
			b.out = append(b.out, alphabet[0])
		}
		last := len(b.out) - 1
		digit := strings.IndexByte(alphabet, b.out[last]) | number>>i&1<<(5-b.n%6)
		b.out[last] = alphabet[digit]
		b.n++
	}
}

func TestDecompressionBombIsRefused(t *testing.T) {
	_, err := Parse(bomb(4000))
	require.ErrorIs(t, err, errText)
}

func TestAnswers(t *testing.T) {
	given := time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC)
	const one, two, three = "4f1c0a6e-0d2b-4a3c-9e55-1b7d5a0f0001", "4f1c0a6e-0d2b-4a3c-9e55-1b7d5a0f0002", "café €😀"
	names := map[string]string{one: "analytics", two: "advertising", three: "advertising"}
	tcf := func(value string) (consent.State, error) {
		if value != "TC" {
			return consent.All(consent.Denied), errors.New("another")
		}
		return consent.NewState(map[string]bool{"analytics": false, "1": true}), nil
	}
	failing := func(string) (consent.State, error) { return consent.All(consent.Denied), errors.New("failing") }
	for rule, test := range map[string]struct {
		source Source
		value  string
		want   consent.State
		err    error
	}{
		"the site's names":    {Source{Services: names}, "partial", consent.NewState(map[string]bool{"analytics": true, "advertising": false}), nil},
		"young":               {Source{Services: names, MaxAge: time.Hour}, "accept", consent.NewState(map[string]bool{"analytics": true, "advertising": true}), nil},
		"old":                 {Source{Services: names, MaxAge: time.Minute}, "partial", consent.NewState(map[string]bool{"advertising": false}), nil},
		"a category left out": {Source{Services: names, Categories: []string{"chat"}}, "reject", consent.NewState(map[string]bool{"analytics": false, "advertising": false, "chat": false}), nil},
		"a TC string":         {Source{Services: names, TCF: tcf}, "tcf", consent.NewState(map[string]bool{"analytics": false, "advertising": false, "1": true}), nil},
		"no TC string":        {Source{Services: names, TCF: failing}, "accept", consent.NewState(map[string]bool{"analytics": true, "advertising": true}), nil},
		"a bad TC string":     {Source{Services: names, TCF: failing}, "tcf", consent.All(consent.Denied), cookie.ErrMalformed},
	} {
		t.Run(rule, func(t *testing.T) {
			for _, c := range cookietest.Cases(t) {
				if c.Name != test.value {
					continue
				}
				got, err := test.source.at(&http.Request{Header: http.Header{"Cookie": {c.Headers["Cookie"]}}}, given.Add(30*time.Minute))
				require.ErrorIs(t, err, test.err)
				require.Equal(t, test.want, got)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range cookietest.Cases(f) {
		if _, value, ok := strings.Cut(c.Headers["Cookie"], "AdoptConsent="); ok {
			f.Add(value)
		}
	}
	for _, pair := range pairs(f)[:20] {
		f.Add(pair[1])
	}
	f.Add(bomb(200))
	f.Fuzz(func(t *testing.T, value string) {
		text, ok := decompress(value)
		require.LessOrEqual(t, len(text), 3*maxText)
		require.True(t, ok || text == "")
		a, err := Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Zero(t, a)
		}
	})
}

// The worst that fits a cookie: the longest text, the most numbers, and the deepest JSON.
func BenchmarkWorstParse(b *testing.B) {
	for name, value := range map[string]string{
		"bomb":   bomb(4080),
		"short":  strings.Repeat("A", 4080),
		"chars":  strings.Repeat("IA", 2040),
		"nested": nested(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse(value)
			}
		})
	}
}

// nested is a bomb of "[" that is just short enough.
func nested() string {
	w := bitWriter{}
	w.write(0, 2)
	w.write('[', 8)
	width, room := 3, 4
	for number, length := 4, 1; length+number-2 < maxText; number++ {
		w.write(number, width)
		length += number - 2
		if room--; room == 0 {
			room = 1 << width
			width++
		}
	}
	w.write(2, width)
	return w.String()
}
