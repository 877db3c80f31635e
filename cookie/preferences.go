package cookie

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// preferences is what the document in a cookie says.
type preferences struct {
	destinations, custom section
}

// A section is a value of the document and, if that is an object, its answers:
// once settled, in the order of their names, each once.
type section struct {
	kind    kind
	answers []answer
}

// An answer is the value for a name, which is a part of the document.
type answer struct {
	name   span
	lossy  bool
	choice consent.Choice
}

// readPreferences reads the document, with space for its answers. Of keys that occur twice
// the last one counts, as in JavaScript.
func readPreferences(doc []byte, space preferences) (preferences, error) {
	p := space
	s := scanner{doc: doc}
	if s.peek() != '{' {
		return p, malformed("not a JSON object")
	}
	s.enter()
	for first := true; s.more('}', first); first = false {
		name, _ := s.name()
		switch string(doc[name.start:name.end]) {
		case "destinations":
			p.destinations = readSection(&s, p.destinations.answers)
		case "custom":
			p.custom = readSection(&s, p.custom.answers)
		default:
			s.value()
		}
	}
	s.end()
	switch s.fault {
	case faultSyntax:
		return p, malformed("not JSON")
	case faultDepth:
		return p, malformed("JSON nested too deep")
	}
	switch p.destinations.kind {
	case kindTrue, kindNumber, kindString:
		return p, malformed("destinations that the script throws on")
	}
	p.destinations.answers = settle(doc, p.destinations.answers)
	p.custom.answers = settle(doc, p.custom.answers)
	return p, nil
}

// readSection reads a section, with space for its answers.
func readSection(s *scanner, space []answer) section {
	answers := space[:0]
	if s.peek() != '{' {
		return section{s.value(), answers}
	}
	s.enter()
	for first := true; s.more('}', first); first = false {
		name, lossy := s.name()
		a := answer{name: name, lossy: lossy}
		switch s.value() {
		case kindTrue:
			a.choice = consent.Granted
		case kindFalse:
			a.choice = consent.Denied
		}
		answers = append(answers, a)
	}
	return section{kindObject, answers}
}

// settle sorts the answers and leaves one for each name: the last, or the
// strictest where the name is not quite the one the document has, since then
// different names have become the same.
func settle(doc []byte, answers []answer) []answer {
	name := func(a answer) []byte { return doc[a.name.start:a.name.end] }
	slices.SortFunc(answers, func(a, b answer) int {
		return cmp.Or(bytes.Compare(name(a), name(b)), cmp.Compare(a.name.start, b.name.start))
	})
	settled := answers[:0]
	for _, a := range answers {
		last := len(settled) - 1
		switch {
		case last < 0 || !bytes.Equal(name(settled[last]), name(a)):
			settled = append(settled, a)
		case a.lossy || settled[last].lossy:
			a.choice, a.lossy = stricter(a.choice, settled[last].choice), true
			settled[last] = a
		default:
			settled[last] = a
		}
	}
	return settled
}

// stricter combines two answers for one name: Denied if either is, Granted only
// if both are.
func stricter(a, b consent.Choice) consent.Choice {
	switch {
	case a == consent.Denied || b == consent.Denied:
		return consent.Denied
	case a == consent.Granted && b == consent.Granted:
		return consent.Granted
	default:
		return consent.Unknown
	}
}

// appendText appends the State of the preferences as [consent.State.MarshalText]
// writes it. Two maps would say the same at many times the cost.
func (p preferences) appendText(dst, doc []byte) []byte {
	dst = append(dst, "1.?"...)
	if p.destinations.kind == kindObject || p.destinations.kind == kindArray {
		dst = append(dst, '*')
	}
	dst = append(dst, ';')
	dst = p.custom.appendText(dst, doc)
	dst = append(dst, ';')
	return p.destinations.appendText(dst, doc)
}

func (c section) appendText(dst, doc []byte) []byte {
	separate := false
	for _, a := range c.answers {
		if a.choice == consent.Unknown {
			continue
		}
		if separate {
			dst = append(dst, ',')
		}
		separate = true
		sign := byte('-')
		if a.choice == consent.Granted {
			sign = '+'
		}
		dst = append(dst, sign)
		for _, b := range doc[a.name.start:a.name.end] {
			switch {
			case alphanumeric(b):
				dst = append(dst, b)
			case b <= ' ' || b >= 0x7f || strings.IndexByte(`%,;"\`, b) >= 0:
				dst = append(dst, '%', upperHex[b>>4], upperHex[b&15])
			default:
				dst = append(dst, b)
			}
		}
	}
	return dst
}
