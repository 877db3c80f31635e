package consent

import "github.com/go-consent/segment/internal/statetext"

// Presume returns s with each of its grants presumed. The middleware does this with
// what a Default gives.
func (s State) Presume() State {
	presume := func(a, _ statetext.Answer) statetext.Answer {
		if a == statetext.Granted {
			return statetext.Presumed
		}
		return a
	}
	rest, asked := s.head()
	return s.merge(NewState(nil), presume(rest, statetext.Unknown), asked, presume, presume)
}

// Given returns s without its presumed grants: only what the visitor answered. It is for a
// cookie, a record, and anything else where a presumed grant must not pass for an answer.
func (s State) Given() State {
	if !statetext.MayHold(s.text, statetext.Presumed) {
		return s
	}
	given := func(a, _ statetext.Answer) statetext.Answer {
		if a == statetext.Presumed {
			return statetext.Unknown
		}
		return a
	}
	rest, asked := s.head()
	return s.merge(NewState(nil), given(rest, statetext.Unknown), asked, given, given)
}

// Presumed reports whether a category or destination of that name is granted by a
// Default, and not by the visitor.
func (s State) Presumed(name string) bool {
	rest, _ := s.head()
	categories, destinations := s.sections()
	category := statetext.Lookup(categories, name, rest)
	destination := statetext.Lookup(destinations, name, rest)
	return max(category, destination) == statetext.Presumed &&
		category != statetext.Granted && destination != statetext.Granted
}
