// Package names compares the names of destinations, for the packages that must
// agree on it.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns a form of name that is the same for names that differ only in
// casing, so that a denial of one of them is found under every other.
func Fold(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, name)
		}
	}
	return name
}

// foldRune returns the same rune for all that differ only in casing: the lower
// case of the smallest of them.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return unicode.ToLower(least)
}

// Reserved reports whether name is one of the two keys of Segment's integrations
// object that are no destination: "All" stands for every other name, "Segment.io"
// for Segment itself.
func Reserved(name string) bool {
	return strings.EqualFold(name, "All") || strings.EqualFold(name, "Segment.io")
}
