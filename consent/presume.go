package consent

import "strings"

// Presume returns s with each of its grants presumed. The middleware does this with
// what a Default gives.
func (s State) Presume() State {
	presume := func(c, _ Choice) Choice {
		if c == Granted {
			return presumed
		}
		return c
	}
	rest, asked := s.head()
	return s.merge(NewState(nil), presume(rest, Unknown), asked, presume, presume)
}

// Given returns s without its presumed grants: what the visitor answered, for a
// cookie, a record, or whoever else must not take a presumed grant for an answer.
func (s State) Given() State {
	if strings.IndexByte(s.text, signs[presumed]) < 0 {
		return s
	}
	given := func(c, _ Choice) Choice {
		if c == presumed {
			return Unknown
		}
		return c
	}
	rest, asked := s.head()
	return s.merge(NewState(nil), given(rest, Unknown), asked, given, given)
}

// Presumed reports whether a category or destination of that name is granted by a
// Default, and not by the visitor.
func (s State) Presumed(name string) bool {
	rest, _ := s.head()
	categories, destinations := s.sections()
	category, destination := lookup(categories, name, rest), lookup(destinations, name, rest)
	return max(category, destination) == presumed && category != Granted && destination != Granted
}
