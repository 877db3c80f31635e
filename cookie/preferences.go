package cookie

import (
	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/statetext"
)

// preferences is the content of the document in a cookie. Values that are not answers
// are listed too, as unknown: they replace an earlier answer, as in JavaScript.
type preferences struct {
	custom, destinations statetext.List
	kind                 kind // of the destinations
}

// readPreferences reads the document, with space for its answers. Of repeated sections
// the last one counts, as in JavaScript.
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

// answers reads a section and lists its answers, if it is an object.
func (s *scanner) answers(list statetext.List, i int) (_ statetext.List, k kind, next int) {
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

// answer reads the rest of an answer after the quote of its name. It continues with the
// next ones as long as the bytes in between are what the script writes, as they are in
// most cookies.
func (s *scanner) answer(list statetext.List, i int) (_ statetext.List, next int) {
	const yes, no = ":true%2C%22", ":false%2C%22"
	for {
		name, end := s.text(list.Begin(), i)
		switch rest := s.value[end:]; {
		case len(rest) > len(yes) && rest[:len(yes)] == yes:
			list = list.End(name, statetext.Granted)
			i = end + len(yes)
		case len(rest) > len(no) && rest[:len(no)] == no:
			list = list.End(name, statetext.Denied)
			i = end + len(no)
		default:
			k, next := s.any(s.expect(end, ':'))
			return list.End(name, answerOf(k)), next
		}
	}
}

func answerOf(k kind) statetext.Answer {
	switch k {
	case kindTrue:
		return statetext.Granted
	case kindFalse:
		return statetext.Denied
	default:
		return statetext.Unknown
	}
}

// state returns the State of the preferences. Two maps would do the same at many times the
// cost.
func (p preferences) state() (consent.State, error) {
	var buf [1024]byte // enough for most, off the heap
	asked := p.kind == kindObject || p.kind == kindArray
	text := func(custom, destinations []byte) []byte {
		return statetext.Append(buf[:0], statetext.Unknown, asked, custom, destinations)
	}
	var s consent.State
	// The script writes most answers in the order that a State has them in. Whether it did is
	// what UnmarshalText finds out.
	if s.UnmarshalText(text(p.custom.Unsettled(), p.destinations.Unsettled())) == nil {
		return s, nil
	}
	err := s.UnmarshalText(text(p.custom.Section(), p.destinations.Section()))
	return s, err
}
