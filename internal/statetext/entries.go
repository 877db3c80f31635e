package statetext

import (
	"iter"
	"strings"
)

// Lookup returns the answer for a name, or rest if the section does not hold it.
func Lookup(section, name string, rest Answer) Answer {
	for held, a := range Entries(section) {
		if held == name {
			return a
		}
	}
	return rest
}

// Entries iterates over the names of a section, and the answers for them.
func Entries(section string) iter.Seq2[string, Answer] {
	return func(yield func(string, Answer) bool) {
		for section != "" {
			var entry string
			entry, section, _ = strings.Cut(section, ",")
			if !yield(undo(entry[1:]), answerOf(entry[0])) {
				return
			}
		}
	}
}

// Merge appends a section with the names of a and b. For each of them pick gets the
// answers of the two, Unknown if the name is missing, and returns the one to write.
func Merge(out []byte, a, b string, pick func(a, b Answer) Answer) []byte {
	for a != "" || b != "" {
		fromA, restA, _ := strings.Cut(a, ",")
		fromB, restB, _ := strings.Cut(b, ",")
		order := 0
		switch {
		case a == "":
			order = 1
		case b == "":
			order = -1
		default:
			order = compare(fromA[1:], fromB[1:])
		}
		var name string
		inA, inB := Unknown, Unknown
		if order <= 0 {
			inA, name, a = answerOf(fromA[0]), fromA[1:], restA
		}
		if order >= 0 {
			inB, name, b = answerOf(fromB[0]), fromB[1:], restB
		}
		if picked := pick(inA, inB); picked != Unknown {
			if len(out) > 0 {
				out = append(out, ',')
			}
			out = append(out, signs[picked])
			out = append(out, name...)
		}
	}
	return out
}
