package names

import (
	"strings"
	"testing"
	"unicode"
)

func TestFoldIsTheSameForEveryCasing(t *testing.T) {
	for _, list := range [][]string{
		{"amplitude", "Amplitude", "AMPLITUDE"},
		{"Kiss", "KISS", "\u212aiss", "ki\u017fs"}, // the Kelvin sign, the long s
		{"größe", "GRÖSSE"},
		{"ΣΑΣ", "σας", "σασ"},
		{"日本", "日本"},
		{"", ""},
		{"a\xffb", "A\xffB"},
	} {
		for _, name := range list[1:] {
			if got := Fold(name) == Fold(list[0]); got != strings.EqualFold(name, list[0]) {
				t.Errorf("Fold says %t of %q and %q", got, list[0], name)
			}
		}
	}
	for _, name := range []string{"Events ", " Events", "E vents", "\tEV\u00a0ENTS\n", "\u2003events\u0085"} {
		if Fold(name) != "events" {
			t.Errorf("white space counts in %q", name)
		}
	}
	if Fold(" \t\u3000") != "" {
		t.Error("a name of white space alone is not empty")
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if f := unicode.SimpleFold(r); Fold(string(r)) != Fold(string(f)) {
			t.Fatalf("%q and %q fold to %q and %q", r, f, Fold(string(r)), Fold(string(f)))
		}
	}
	if Fold("Amplitude") == Fold("Amplitude (Actions)") {
		t.Error("different names fold to the same")
	}
}

func BenchmarkFold(b *testing.B) {
	for _, name := range []string{"amplitude", "Amplitude (Actions)"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fold(name)
			}
		})
	}
}
