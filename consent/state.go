// Package consent holds what a visitor answered and enforces it on every message sent to Segment.
//
// A [State] is the answer: an immutable value, read from a request by the
// middleware package and carried in a [context.Context]. A [Policy], such as
// the destinations package compiles, turns a State into a [Decision]: one
// [Verdict] for each destination, with the reason. A [Client] wraps analytics-go
// and applies the Decision to every message.
//
// Every zero value allows nothing.
package consent

import "iter"

// A Choice is one answer of a visitor.
type Choice uint8

// The zero Choice is Unknown: the visitor was not asked, or did not answer.
const (
	Unknown Choice = iota
	Denied
	Granted
)

// String returns "unknown", "denied" or "granted".
func (c Choice) String() string {
	switch c {
	case Denied:
		return "denied"
	case Granted:
		return "granted"
	default:
		return "unknown"
	}
}

// A State is what a visitor answered, for categories and for destinations by
// name. Names are exact and case-sensitive. Besides its names a State holds the
// rest, which is the answer for every name it does not hold, and a mark that the
// visitor was asked destination by destination.
//
// A State is immutable, may be used by many goroutines at once, and may be
// compared with == and used as a map key: two States are equal when they hold the
// same answers. The zero State holds no answer. A State holds no time, region or
// identity; those belong to a record of consent, not to the answer.
type State struct {
	// The canonical text of MarshalText, or "" for the zero State. One string
	// makes a State comparable, immutable and cheap to pass by value.
	text string
}

// NewState returns a State that answers for the named categories: true is
// [Granted], false is [Denied], and a category that is not in the map stays
// [Unknown]. The map is copied.
func NewState(categories map[string]bool) State {
	return compose(Unknown, false, listText(categories), "")
}

// All returns a State whose every answer is c. All(Denied) is the State of a
// request that nobody looked at, or that could not be read. All(Granted) stands
// in for an answer where the law asks for none; it is never read from a visitor.
func All(c Choice) State {
	switch c {
	case Unknown:
		return State{}
	case Granted:
		return State{version + "+;;"}
	default:
		return State{version + "-;;"}
	}
}

// WithDestinations returns s with its answers for destinations replaced by the
// given ones, and marked as asked destination by destination: a policy then
// denies destinations that are not among the answers, which are new since the
// visitor was asked. An empty map sets the mark too; a nil map returns s
// unchanged. The map is copied.
func (s State) WithDestinations(destinations map[string]bool) State {
	if destinations == nil {
		return s
	}
	categories, _ := s.sections()
	return compose(s.Rest(), true, categories, listText(destinations))
}

// Category returns the answer for the category of that name.
func (s State) Category(name string) Choice {
	categories, _ := s.sections()
	return lookup(categories, name, s.Rest())
}

// Destination returns the answer for the destination of that name. It is the
// visitor's answer for that name alone; what the answers for categories make of
// it is for a [Policy] to decide.
func (s State) Destination(name string) Choice {
	_, destinations := s.sections()
	return lookup(destinations, name, s.Rest())
}

// Categories returns the answers for categories in the order of their names;
// true is Granted, false is Denied.
func (s State) Categories() iter.Seq2[string, bool] {
	categories, _ := s.sections()
	return entries(categories)
}

// Destinations returns the answers for destinations in the order of their names;
// true is Granted, false is Denied.
func (s State) Destinations() iter.Seq2[string, bool] {
	_, destinations := s.sections()
	return entries(destinations)
}

// Rest returns the answer for every name that s does not hold.
func (s State) Rest() Choice {
	rest, _ := s.head()
	return rest
}

// AskedByDestination reports whether the visitor was asked destination by
// destination, so that a destination without an answer is new to the visitor.
func (s State) AskedByDestination() bool {
	_, asked := s.head()
	return asked
}

// IsZero reports whether s holds no answer at all.
func (s State) IsZero() bool { return s == State{} }

// Restrict returns what both s and t allow. For each name that either holds, and
// for the rest, the answer is Denied if either denies it, else Granted if either
// grants it, else Unknown; where one of them lacks the name, its rest answers.
// The result is marked as asked by destination if either is. All(Denied) absorbs:
// restricted by it, any State is All(Denied).
//
// Restrict never undoes a denial, but it can turn Unknown into Granted.
func (s State) Restrict(t State) State {
	denied := All(Denied)
	switch {
	case s == denied || t == denied:
		return denied
	case s.IsZero():
		return t
	case t.IsZero():
		return s
	}
	sRest, sAsked := s.head()
	tRest, tAsked := t.head()
	restrict := func(a, b Choice) Choice {
		if a == Unknown {
			a = sRest
		}
		if b == Unknown {
			b = tRest
		}
		return either(a, b)
	}
	return s.merge(t, either(sRest, tRest), sAsked || tAsked, restrict, restrict)
}

// Or returns s with what is Unknown in it taken from t: the categories that s
// lacks, the destinations and their mark if s was not asked by destination, and
// the rest. If the rest of s is known, nothing is unknown and the result is s.
func (s State) Or(t State) State {
	rest, asked := s.head()
	if rest != Unknown || t.IsZero() {
		return s
	}
	fill := func(a, b Choice) Choice {
		if a == Unknown {
			return b
		}
		return a
	}
	tRest, tAsked := t.head()
	if asked {
		return s.merge(t, tRest, true, fill, func(a, _ Choice) Choice { return a })
	}
	return s.merge(t, tRest, tAsked, fill, fill)
}

// Denials returns the denials of s alone: the names it denies, and its rest if
// that is Denied, which then covers the names that s grants too. It holds no grant
// and is not marked as asked by destination, so restricting another State by it
// only ever closes.
func (s State) Denials() State {
	if s.IsZero() {
		return s
	}
	denied := func(a, _ Choice) Choice {
		if a == Denied {
			return Denied
		}
		return Unknown
	}
	return s.merge(State{}, denied(s.Rest(), Unknown), false, denied, denied)
}

// either combines two answers for the same name: Denied wins, then Granted.
func either(a, b Choice) Choice {
	switch {
	case a == Denied || b == Denied:
		return Denied
	case a == Granted || b == Granted:
		return Granted
	default:
		return Unknown
	}
}
