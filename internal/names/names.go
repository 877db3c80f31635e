// Package names compares the names of destinations, for packages that must agree.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns a form of name that is the same for names that differ only in casing or
// in white space, so that a denial of one of them applies to all. One of Segment's own
// names ends in a space. The form of a name of only white space is "".
func Fold(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || c <= ' ' || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, name)
		}
	}
	return name
}

// foldRune returns the same rune for all that differ only in casing, the lower case of
// the smallest of them, and none for white space.
func foldRune(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return unicode.ToLower(least)
}
