package cookie

import "unicode/utf8"

// maxDepth limits the nesting of objects and arrays in a document. The Consent Manager
// writes two levels.
const maxDepth = 16

// A scanner reads the percent-encoded JSON document of a cookie in one pass. It
// accepts exactly the values that JSON.parse accepts after js-cookie has decoded them.
//
// Its methods read at the index i, and return the index of what follows. After a
// failure that is the end of the document, where every read fails, so a caller need
// only check fault when it is done.
type scanner struct {
	value string // which is valid UTF-8
	depth int
	fault fault
}

// A kind is the type of a JSON value, as far as the script distinguishes it.
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

func (s *scanner) fail(f fault) (next int) {
	if s.fault == 0 {
		s.fault = f
	}
	return len(s.value)
}

// character reads one character, or 0 at the end. For one beyond ASCII, which JSON
// allows only in strings, c is any byte beyond ASCII; for a NUL, which it never
// allows, 1.
func (s *scanner) character(i int) (c byte, next int) {
	if i >= len(s.value) {
		return 0, i
	}
	if c = s.value[i]; c != '%' {
		return max(c, 1), i + 1
	}
	if c, ok := escapedASCII(s.value[i:]); ok {
		return max(c, 1), i + 3
	}
	r, size := escaped(s.value[i:])
	if size == 0 {
		return 0, s.fail(errEncoding)
	}
	return byte(min(r, utf8.RuneSelf)), i + size
}

// token reads white space and the character after it.
func (s *scanner) token(i int) (c byte, next int) {
	for {
		c, i = s.character(i)
		switch c {
		case ' ', '\t', '\n', '\r':
		default:
			return c, i
		}
	}
}

// expect reads white space and the character c.
func (s *scanner) expect(i int, c byte) (next int) {
	found, next := s.token(i)
	if found != c {
		return s.fail(errSyntax)
	}
	return next
}

// first follows the opening of an object or array. It reports whether a member or
// element follows, and leaves the object or array if not.
func (s *scanner) first(i int, closing byte) (next int, more bool) {
	if s.depth++; s.depth > maxDepth {
		return s.fail(errDepth), false
	}
	if c, next := s.token(i); c == closing {
		s.depth--
		return next, false
	}
	return i, true
}

// next follows a member or element. It reports whether another one follows, and leaves
// the object or array if not.
func (s *scanner) next(i int, closing byte) (next int, more bool) {
	switch c, next := s.token(i); c {
	case ',':
		return next, true
	case closing:
		s.depth--
		return next, false
	default:
		return s.fail(errSyntax), false
	}
}

// name reads the name of a member and the colon after it. See text.
func (s *scanner) name(dst []byte, i int) (name []byte, next int) {
	name, next = s.text(dst, s.expect(i, '"'))
	return name, s.expect(next, ':')
}

// any reads any value.
func (s *scanner) any(i int) (k kind, next int) {
	var scratch [64]byte
	c, next := s.token(i)
	switch c {
	case '{':
		i, more := s.first(next, '}')
		for more {
			_, i = s.name(scratch[:0], i)
			_, i = s.any(i)
			i, more = s.next(i, '}')
		}
		return kindObject, i
	case '[':
		i, more := s.first(next, ']')
		for more {
			_, i = s.any(i)
			i, more = s.next(i, ']')
		}
		return kindArray, i
	case '"':
		text, next := s.text(scratch[:0], next)
		if len(text) == 0 {
			return kindEmpty, next
		}
		return kindString, next
	case 't':
		return kindTrue, s.word(next, "rue")
	case 'f':
		return kindFalse, s.word(next, "alse")
	case 'n':
		return kindNull, s.word(next, "ull")
	default:
		return s.number(c, next)
	}
}

// word reads a word, or the rest of it.
func (s *scanner) word(i int, word string) (next int) {
	for k := range len(word) {
		var c byte
		if c, i = s.character(i); c != word[k] {
			return s.fail(errSyntax)
		}
	}
	return i
}

// number reads the rest of a number that begins with c. It is zero if all digits
// before its exponent are zero; a number that JavaScript rounds to zero is not.
func (s *scanner) number(c byte, i int) (k kind, next int) {
	if c == '-' {
		c, i = s.character(i)
	}
	if c < '0' || c > '9' {
		return kindMissing, s.fail(errSyntax)
	}
	nonzero := c != '0'
	if nonzero { // no digit may follow the other
		i, _, _ = s.digits(i)
	}
	valid := true
	if c, next := s.character(i); c == '.' {
		var other bool
		i, valid, other = s.digits(next)
		nonzero = nonzero || other
	}
	if c, next := s.character(i); valid && (c == 'e' || c == 'E') {
		if c, after := s.character(next); c == '+' || c == '-' {
			next = after
		}
		i, valid, _ = s.digits(next)
	}
	switch {
	case !valid:
		return kindMissing, s.fail(errSyntax)
	case nonzero:
		return kindNumber, i
	default:
		return kindZero, i
	}
}

// digits reads digits, and reports whether there are any and whether any is not 0.
func (s *scanner) digits(i int) (next int, any, nonzero bool) {
	for {
		c, after := s.character(i)
		if c < '0' || c > '9' {
			return i, any, nonzero
		}
		i, any, nonzero = after, true, nonzero || c != '0'
	}
}
