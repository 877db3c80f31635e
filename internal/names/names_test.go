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
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if f := unicode.SimpleFold(r); Fold(string(r)) != Fold(string(f)) {
			t.Fatalf("%q and %q fold to %q and %q", r, f, Fold(string(r)), Fold(string(f)))
		}
	}
	if Fold("Amplitude") == Fold("Amplitude (Actions)") {
		t.Error("different names fold to the same")
	}
}

func TestReserved(t *testing.T) {
	for name, want := range map[string]bool{
		"All": true, "all": true, "Segment.io": true, "SEGMENT.IO": true, "": false, "Allure": false, "Segment": false,
	} {
		if Reserved(name) != want {
			t.Errorf("Reserved(%q) is not %t", name, want)
		}
	}
}

func TestKindsOfDestinations(t *testing.T) {
	for name, want := range map[string][2]bool{ // unstoppable, warehouse
		"Amazon S3": {true, false}, "aws s3": {true, false}, "Google Cloud Storage": {true, false}, "ENGAGE": {true, false},
		"Data Lakes": {true, false}, "Snowflake": {false, true}, "Databricks ": {false, true}, "bigquery": {false, true},
		"Amplitude": {false, false}, "MoEngage": {false, false}, Warehouses: {false, false}, "": {false, false},
	} {
		if got := [2]bool{Unstoppable(name), IsWarehouse(name)}; got != want {
			t.Errorf("%q is %v, want %v", name, got, want)
		}
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
