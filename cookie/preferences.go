package cookie

import (
	"bytes"
	"slices"

	"github.com/go-consent/segment/internal/escape"
)

// preferences is what the document in a cookie says. The answers of a section are
// listed as in the text of a State, with a comma before each, in the order of the
// document. What is no answer is listed too, as unknown.
type preferences struct {
	custom, destinations []byte
	kind                 kind // of the destinations
}

// The signs of answers. UnmarshalText takes the first two, and refuses a list with an
// unknown answer, as it does one that is out of order or names something twice: a list
// that it takes needs no settling.
const (
	granted = '+'
	denied  = '-'
	unknown = '?'
)

// readPreferences reads the document, with space for its answers. Of sections that
// occur twice the last one counts, as in JavaScript.
func readPreferences(value string, space preferences) (preferences, error) {
	p := space
	var buf [64]byte
	s := scanner{value: value}
	c, i := s.token(0)
	if c != '{' {
		s.fail(errNoObject)
		return p, s.fault
	}
	i, more := s.first(i, '}')
	for more {
		var key []byte
		key, i = s.name(buf[:0], i)
		switch string(key) {
		case "destinations":
			p.destinations, p.kind, i = s.answers(p.destinations[:0], i)
		case "custom":
			p.custom, _, i = s.answers(p.custom[:0], i)
		default:
			_, i = s.any(i)
		}
		i, more = s.next(i, '}')
	}
	if c, _ := s.token(i); c != 0 {
		s.fail(errSyntax)
	}
	if s.fault != 0 {
		return p, s.fault
	}
	switch p.kind {
	case kindTrue, kindNumber, kindString:
		return p, errThrows
	}
	return p, nil
}

// answers reads a section and appends its answers, if it is an object.
func (s *scanner) answers(list []byte, i int) (_ []byte, k kind, next int) {
	c, next := s.token(i)
	if c != '{' {
		k, next = s.any(i)
		return list, k, next
	}
	i, more := s.first(next, '}')
	for more {
		list, i = s.answer(list, s.expect(i, '"'))
		i, more = s.next(i, '}')
	}
	return list, kindObject, i
}

// answer reads the rest of an answer after the quote of its name. It goes on with the
// next ones as long as what lies between is what the script writes, which is most of
// what there is to read.
func (s *scanner) answer(list []byte, i int) (_ []byte, next int) {
	const yes, no = ":true%2C%22", ":false%2C%22"
	for {
		list = append(list, ',', unknown)
		sign := len(list) - 1
		list, i = s.text(list, i)
		switch rest := s.value[i:]; {
		case len(rest) > len(yes) && rest[:len(yes)] == yes:
			list[sign] = granted
			i += len(yes)
		case len(rest) > len(no) && rest[:len(no)] == no:
			list[sign] = denied
			i += len(no)
		default:
			k, next := s.any(s.expect(i, ':'))
			switch k {
			case kindTrue:
				list[sign] = granted
			case kindFalse:
				list[sign] = denied
			}
			return list, next
		}
	}
}

// settle puts the answers of a list in the order of their names and leaves one for
// each name: the last, as in JavaScript, or the strictest if the name has U+FFFD,
// where different names may have become the same.
func settle(list []byte) []byte {
	type answer struct{ sign, end uint16 } // where in the list, of at most 4 bytes for each of 4096
	var space [64]answer                   // enough for most, off the heap
	answers := space[:0]
	for rest := list; len(rest) > 0; { // which begins with a comma
		sign := len(list) - len(rest) + 1
		end := len(list)
		if i := bytes.IndexByte(rest[1:], ','); i >= 0 {
			end = sign + i
		}
		answers = append(answers, answer{uint16(sign), uint16(end)})
		rest = list[end:]
	}
	name := func(a answer) []byte { return list[a.sign+1 : a.end] }
	slices.SortStableFunc(answers, func(a, b answer) int { return escape.Compare(name(a), name(b)) })
	settled := list[len(list):]
	for i, a := range answers {
		sign := list[a.sign]
		if i+1 < len(answers) && bytes.Equal(name(a), name(answers[i+1])) {
			if next := &list[answers[i+1].sign]; bytes.Contains(name(a), []byte(replacement)) {
				*next = stricter(sign, *next)
			}
			continue
		}
		if sign != unknown {
			settled = append(append(settled, ',', sign), name(a)...)
		}
	}
	return settled
}

const replacement = "%EF%BF%BD" // U+FFFD

// stricter combines two answers for one name: denied if either is, granted only if
// both are.
func stricter(a, b byte) byte {
	switch {
	case a == denied || b == denied:
		return denied
	case a == granted && b == granted:
		return granted
	default:
		return unknown
	}
}

// appendText appends the State of the preferences as [consent.State.MarshalText]
// writes it, if the lists are settled. Two maps would say the same at many times the
// cost.
func (p preferences) appendText(dst []byte) []byte {
	dst = append(dst, "1.?"...)
	if p.kind == kindObject || p.kind == kindArray {
		dst = append(dst, '*')
	}
	dst = append(dst, ';')
	dst = append(dst, bytes.TrimPrefix(p.custom, []byte(","))...)
	dst = append(dst, ';')
	return append(dst, bytes.TrimPrefix(p.destinations, []byte(","))...)
}
