package cookie

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// twenty is a cookie of 20 destinations and the three usual categories.
func twenty(t testing.TB) string {
	destinations := make(map[string]bool)
	for i := range 20 {
		destinations[fmt.Sprint("Destination Number ", i)] = i%3 > 0
	}
	s := consent.NewState(map[string]bool{"marketingAndAnalytics": true, "advertising": false, "functional": true})
	value, err := Encode(s.WithDestinations(destinations))
	require.NoError(t, err)
	return value
}

func TestDecodeAllocatesLittle(t *testing.T) {
	value := twenty(t)
	for name, c := range map[string]struct {
		allocs float64
		value  string
		decode func(string) (consent.State, error)
	}{
		"new":            {1, value, decode},
		"new, unordered": {2, strings.Replace(value, "advertising", "zero", 1), decode}, // one for the error of the first try
		"seen":           {0, value, Decode},
		"malformed seen": {0, value[:len(value)-1], Decode},
	} {
		if got := testing.AllocsPerRun(100, func() { c.decode(c.value) }); got > c.allocs {
			t.Errorf("%s: allocates %v times", name, got)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	value := twenty(b)
	b.Run("seen", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decode(value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("url and json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			doc, err := url.PathUnescape(value)
			if err != nil {
				b.Fatal(err)
			}
			var p struct{ Destinations, Custom map[string]bool }
			if err := json.Unmarshal([]byte(doc), &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecodeMalformed(b *testing.B) {
	for name, value := range map[string]string{
		"cut short": twenty(b)[:500],
		"nested":    strings.Repeat("[", 4096),
		"too long":  strings.Repeat("x", 20<<20),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(value); err == nil {
					b.Fatal("decoded")
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	s, err := Decode(twenty(b))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValues(b *testing.B) {
	header := "_ga=GA1.1.1234567890.1234567890; ajs_anonymous_id=11111111-2222-3333-4444-555555555555; session=abcdef; " +
		DefaultName + "=" + twenty(b) + "; theme=dark; lang=en"
	r := &http.Request{Header: http.Header{"Cookie": {header}}}
	b.ReportAllocs()
	for b.Loop() {
		if len(Values(r, DefaultName)) != 1 {
			b.Fatal("not found")
		}
	}
}
