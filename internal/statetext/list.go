package statetext

import (
	"bytes"
	"slices"
)

// A List is a section that is being written, answer by answer and in any order. The zero
// List is empty. It is passed by value, as the slice that it holds is, so that its space
// can stay off the heap.
type List struct {
	text      []byte // the entries, with a comma before each
	last      int    // where the sign of the last entry is
	unsettled bool   // not in order, or not an answer
}

// NewList returns an empty List that writes into space while it is enough.
func NewList(space []byte) List { return List{text: space[:0]} }

// Begin returns bytes to append a name to, for End, by [AppendName] and [AppendByte].
func (l List) Begin() []byte { return append(l.text, ',', signs[Unknown]) }

// End returns the List with the answer for the name that was appended to what Begin
// returned. Unknown is one too, and takes the place of an earlier answer: see Section.
func (l List) End(text []byte, a Answer) List {
	sign := len(l.text) + 1
	text[sign] = signs[a]
	if a == Unknown || l.last > 0 && !less(text[l.last+1:sign-1], text[sign+1:]) {
		l.unsettled = true
	}
	l.text, l.last = text, sign
	return l
}

// Section returns the section: the names in order, with one answer for each. Of several
// for one name the last counts, as in JavaScript; if the name has U+FFFD, where different
// names may have become the same, the strictest. Names whose answer is then Unknown are
// left out. The bytes are the List's, to which nothing can be added any more.
func (l List) Section() []byte {
	text := l.text
	if l.unsettled {
		text = l.settled()
	}
	return bytes.TrimPrefix(text, []byte(","))
}

// settled returns the entries as they have to be, in the space behind those there are.
func (l List) settled() []byte {
	type entry struct{ sign, end int } // where in the text
	var space [64]entry                // enough for most, off the heap
	entries := space[:0]
	for end := 0; end < len(l.text); { // at a comma
		sign := end + 1
		if i := bytes.IndexByte(l.text[sign:], ','); i >= 0 {
			end = sign + i
		} else {
			end = len(l.text)
		}
		entries = append(entries, entry{sign, end})
	}
	name := func(e entry) []byte { return l.text[e.sign+1 : e.end] }
	slices.SortStableFunc(entries, func(a, b entry) int { return compare(name(a), name(b)) })
	settled := l.text[len(l.text):]
	for i, e := range entries {
		a := answerOf(l.text[e.sign])
		if i+1 < len(entries) && bytes.Equal(name(e), name(entries[i+1])) {
			if later := &l.text[entries[i+1].sign]; bytes.Contains(name(e), []byte(replacement)) {
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

// less reports whether the escaped name a stands before b.
func less(a, b []byte) bool { return before(a, b, shared(a, b)) }
