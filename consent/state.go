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

import (
	"iter"

	"github.com/go-consent/segment/internal/statetext"
)

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
// The zero State is All(Denied): nobody looked. A visitor who was looked at and has
// not answered is NewState(nil), which a policy may allow more.
//
// A grant may be presumed: a Default gave it where the law asks for no answer. A
// presumed grant opens what any grant opens, and is never taken for the visitor's
// own answer.
//
// A State is immutable, may be used by many goroutines at once, and may be
// compared with == and used as a map key: two States are equal when they hold the
// same answers. A State holds no time, region or identity; those belong to a record
// of consent, not to the answer.
type State struct {
	// The canonical text of MarshalText, or "" for All(Denied). One string makes a
	// State comparable, immutable and cheap to pass by value.
	text string
}

// NewState returns a State that answers for the named categories: true is
// [Granted], false is [Denied], and a category that is not in the map stays
// [Unknown]. The map is copied. NewState(nil) is the State of a visitor who was
// looked at and has not answered; it equals All(Unknown).
func NewState(categories map[string]bool) State {
	if len(categories) == 0 {
		return State{statetext.AllUnknown}
	}
	return compose(statetext.Unknown, false, section(categories), "")
}

// All returns a State whose every answer is c. All(Denied), the zero State, is the
// State of a request that nobody looked at, or that could not be read. All(Granted)
// is never read from a visitor.
func All(c Choice) State {
	switch c {
	case Unknown:
		return State{statetext.AllUnknown}
	case Granted:
		return State{statetext.AllGranted}
	default:
		return State{}
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
	rest, _ := s.head()
	return compose(rest, true, categories, section(destinations))
}

// Category returns the answer for the category of that name.
func (s State) Category(name string) Choice {
	categories, _ := s.sections()
	rest, _ := s.head()
	return choice(statetext.Lookup(categories, name, rest))
}

// Destination returns the answer for the destination of that name. It is the
// visitor's answer for that name alone. How the answers for categories affect the
// destination is decided by a [Policy].
func (s State) Destination(name string) Choice {
	_, destinations := s.sections()
	rest, _ := s.head()
	return choice(statetext.Lookup(destinations, name, rest))
}

// Categories returns the answers for categories in the order of their names;
// true is Granted, false is Denied.
func (s State) Categories() iter.Seq2[string, bool] {
	categories, _ := s.sections()
	return answers(categories)
}

// Destinations returns the answers for destinations in the order of their names;
// true is Granted, false is Denied.
func (s State) Destinations() iter.Seq2[string, bool] {
	_, destinations := s.sections()
	return answers(destinations)
}

// Rest returns the answer for every name that s does not hold.
func (s State) Rest() Choice {
	rest, _ := s.head()
	return choice(rest)
}

// AskedByDestination reports whether the visitor was asked destination by
// destination, so that a destination without an answer is new to the visitor.
func (s State) AskedByDestination() bool {
	_, asked := s.head()
	return asked
}

// Answered reports whether s holds an answer of the visitor: a name whose grant is not
// presumed, or the mark that the visitor was asked destination by destination. The rest is
// not an answer of the visitor, so All(c) is not answered, whatever c is.
func (s State) Answered() bool {
	given := s.Given()
	categories, destinations := given.sections()
	return given.AskedByDestination() || categories != "" || destinations != ""
}
