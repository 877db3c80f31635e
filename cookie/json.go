package cookie

// maxDepth limits how deep objects and arrays of a document may be nested. The
// Consent Manager writes two levels.
const maxDepth = 16

// A scanner reads a JSON document of valid UTF-8, accepting exactly what
// JavaScript's JSON.parse does. It takes one pass and no memory: strings are
// unescaped in place, where the document held them.
//
// After a failure the scanner stands at the end of the document, where every
// read fails, so a caller need only look at fault when it is done.
type scanner struct {
	doc   []byte
	pos   int
	depth int
	fault fault
}

// A fault is what is wrong with a document.
type fault uint8

const (
	faultNone fault = iota
	faultSyntax
	faultDepth
)

// A span is a part of the document.
type span struct{ start, end uint16 }

// A kind is what a JSON value is, as far as the script makes a difference.
type kind uint8

const (
	kindMissing kind = iota
	kindNull
	kindFalse
	kindZero
	kindEmpty // string
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

func (s *scanner) fail(f fault) {
	if s.fault == faultNone {
		s.fault = f
	}
	s.pos = len(s.doc)
}

// peek skips white space and returns the byte after it, or 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.doc); s.pos++ {
		switch c := s.doc[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// here returns the byte at the position, or 0 at the end.
func (s *scanner) here() byte {
	if s.pos < len(s.doc) {
		return s.doc[s.pos]
	}
	return 0
}

// end expects nothing more.
func (s *scanner) end() {
	if s.peek(); s.pos < len(s.doc) {
		s.fail(faultSyntax)
	}
}

// enter goes into the object or array at the position.
func (s *scanner) enter() {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.fail(faultDepth)
	}
}

// more reports whether another member or element follows, and leaves the object
// or array if not. The first has no comma before it.
func (s *scanner) more(closing byte, first bool) bool {
	switch c := s.peek(); {
	case s.pos == len(s.doc):
		s.fail(faultSyntax)
		return false
	case c == closing:
		s.pos++
		s.depth--
		return false
	case first:
		return true
	case c == ',':
		s.pos++
		return true
	default:
		s.fail(faultSyntax)
		return false
	}
}

// name reads the name of a member and the colon after it. See text.
func (s *scanner) name() (name span, lossy bool) {
	if s.peek() != '"' {
		s.fail(faultSyntax)
		return span{}, false
	}
	name, lossy = s.text()
	if s.peek() != ':' {
		s.fail(faultSyntax)
		return span{}, false
	}
	s.pos++
	return name, lossy
}

// value reads over a value and returns its kind.
func (s *scanner) value() kind {
	switch c := s.peek(); c {
	case '{':
		s.enter()
		for first := true; s.more('}', first); first = false {
			s.name()
			s.value()
		}
		return kindObject
	case '[':
		s.enter()
		for first := true; s.more(']', first); first = false {
			s.value()
		}
		return kindArray
	case '"':
		if t, _ := s.text(); t.start == t.end {
			return kindEmpty
		}
		return kindString
	case 't':
		s.literal("true")
		return kindTrue
	case 'f':
		s.literal("false")
		return kindFalse
	case 'n':
		s.literal("null")
		return kindNull
	default:
		return s.number()
	}
}

func (s *scanner) literal(word string) {
	if len(s.doc)-s.pos < len(word) || string(s.doc[s.pos:s.pos+len(word)]) != word {
		s.fail(faultSyntax)
		return
	}
	s.pos += len(word)
}

// number reads a number. It is zero if all the digits before its exponent are;
// one so small that JavaScript rounds it to zero is not.
func (s *scanner) number() kind {
	if s.here() == '-' {
		s.pos++
	}
	nonzero := false
	if s.here() == '0' {
		s.pos++ // no digit may follow
	} else {
		nonzero = s.digits()
	}
	if s.here() == '.' {
		s.pos++
		nonzero = s.digits() || nonzero
	}
	if c := s.here(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.here(); c == '+' || c == '-' {
			s.pos++
		}
		s.digits()
	}
	if nonzero {
		return kindNumber
	}
	return kindZero
}

// digits reads one digit or more, and reports whether any is not 0.
func (s *scanner) digits() (nonzero bool) {
	start := s.pos
	for c := s.here(); '0' <= c && c <= '9'; c = s.here() {
		nonzero = nonzero || c != '0'
		s.pos++
	}
	if s.pos == start {
		s.fail(faultSyntax)
	}
	return nonzero
}
