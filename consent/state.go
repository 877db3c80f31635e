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
