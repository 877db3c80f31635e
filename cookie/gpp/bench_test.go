package gpp_test

import (
	"strings"
	"testing"

	"github.com/go-consent/segment/cookie/gpp"
)

func BenchmarkDecode(b *testing.B) {
	longest := ""
	for _, value := range encoded(b) {
		if len(value) > len(longest) {
			longest = value
		}
	}
	for _, bench := range []struct{ name, value string }{
		{"opted-out", optedOut},
		{"not-opted-out", notOptedOut},
		{"longest", longest},
	} {
		b.Run(bench.name, func(b *testing.B) {
			source := gpp.Source{Skip: []int{2, 5}}
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.value)))
			for b.Loop() {
				if _, err := source.Decode(bench.value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseHostile parses the slowest strings at the size limit, of those that are refused
// and of those that are not.
func BenchmarkParseHostile(b *testing.B) {
	const size = 16 << 10
	for _, bench := range []struct{ name, value string }{
		{"wrapping-range", "DBAB6AlBYA"},
		{"ranges-without-end", "DB__" + strings.Repeat("A", size-4)},
		{"ranges-of-one", "DB__" + strings.Repeat("b", size-4)},
		{"padding", "DBAA" + strings.Repeat("A", size-4)},
		{"sections", header(all(92)[28:]...) + strings.Repeat("~"+strings.Repeat("x", 200), 64)},
		{"separators", "DBABLA" + strings.Repeat("~", size-6)},
		{"long-core", "DBABLA~" + strings.Repeat("B", size-7)},
		{"too-long", strings.Repeat("A", 1<<20)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = gpp.Parse(bench.value)
			}
		})
	}
}
