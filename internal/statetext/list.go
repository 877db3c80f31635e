package statetext

import (
	"bytes"
	"slices"
)

// A List is a section under construction, answer by answer and in any order: entries as
// in a text, with a comma before each. An empty List may have spare capacity.
type List []byte

// Begin returns bytes to append a name to, for End, by [AppendName] and [AppendByte].
func (l List) Begin() []byte { return append(l, ',', signs[Unknown]) }

// End returns the List with the answer for the name that was appended to what Begin
// returned. Unknown is an answer too, and replaces an earlier one: see Section.
func (l List) End(begun []byte, a Answer) List {
	begun[len(l)+1] = signs[a]
	return begun
}

// Unsettled returns the answers as they came. They are a section if [Check] accepts a text
// with it.
func (l List) Unsettled() []byte { return bytes.TrimPrefix(l, []byte(",")) }

// Section returns the section: the names in order, with one answer for each. Of several
// for one name the last counts, as in JavaScript; if the name has U+FFFD, to which
// different names may have been mapped, the strictest. Names whose answer is then Unknown
// are left out. Section may write to the spare capacity of the List, and return part of
// it.
func (l List) Section() []byte {
	section := bytes.TrimPrefix(l, []byte(","))
	if checkSection(section) == "" {
		return section // as most are
	}
	return bytes.TrimPrefix(l.settled(), []byte(","))
}

func (l List) settled() List {
	type entry struct{ sign, end int } // where in the List
	var space [64]entry                // enough for most, off the heap
	entries := space[:0]
	for end := 0; end < len(l); { // at a comma
		sign := end + 1
		if i := bytes.IndexByte(l[sign:], ','); i >= 0 {
			end = sign + i
		} else {
			end = len(l)
		}
		entries = append(entries, entry{sign, end})
	}
	name := func(e entry) []byte { return l[e.sign+1 : e.end] }
	slices.SortStableFunc(entries, func(a, b entry) int { return compare(name(a), name(b)) })
	settled := l[len(l):]
	for i, e := range entries {
		a := answerOf(l[e.sign])
		if i+1 < len(entries) && bytes.Equal(name(e), name(entries[i+1])) {
			if later := &l[entries[i+1].sign]; bytes.Contains(name(e), []byte(replacement)) {
				*later = signs[stricter(a, answerOf(*later))]
			}
			continue
		}
		if a != Unknown {
			settled = append(append(settled, ',', signs[a]), name(e)...)
		}
	}
	return settled
}

const replacement = "%EF%BF%BD" // U+FFFD

// stricter returns Denied if either is, and a grant only if both are.
func stricter(a, b Answer) Answer {
	if a == Denied || b == Denied {
		return Denied
	}
	return min(a, b)
}
