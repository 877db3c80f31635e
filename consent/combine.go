package consent

import (
	"strings"

	"github.com/go-consent/segment/internal/memo"
)

// Restrict returns what both s and t allow. For each name that either holds, and
// for the rest, the answer is Denied if either denies it, else Granted if either
// grants it, else presumed if either presumes it, else Unknown; where one of them
// lacks the name, its rest answers. The result is marked as asked by destination if
// either is. All(Denied) absorbs: restricted by it, any State is All(Denied).
// NewState(nil) changes nothing.
//
// Restrict never undoes a denial, but it can turn Unknown into Granted: it is for
// sources that complete each other, and no way to ask a visitor twice.
func (s State) Restrict(t State) State {
	unanswered := NewState(nil)
	switch {
	case s == State{} || t == State{}:
		return State{}
	case s == unanswered:
		return t
	case t == unanswered:
		return s
	}
	if r, ok, _ := restricted.Get([2]State{s, t}); ok {
		return r
	}
	r := s.restrict(t)
	if len(s.text)+len(t.text) <= maxRestricted {
		restricted.Put([2]State{s, t}, r)
	}
	return r
}

// restricted keeps what came of Restrict before. The middleware restricts an answer
// by what the browser signals on every request, and there are few of either.
var restricted = memo.New[[2]State, State](1<<20, 2*maxRestricted)

const maxRestricted = 1 << 10 // bytes of both texts, and so of the result

func (s State) restrict(t State) State {
	sRest, sAsked := s.head()
	tRest, tAsked := t.head()
	pick := func(a, b Choice) Choice {
		if a == Unknown {
			a = sRest
		}
		if b == Unknown {
			b = tRest
		}
		return either(a, b)
	}
	return s.merge(t, either(sRest, tRest), sAsked || tAsked, pick, pick)
}

// Or returns s with what is Unknown in it taken from t: the categories that s
// lacks, the destinations and their mark if s was not asked by destination, and
// the rest. If the rest of s is known, nothing is unknown and the result is s.
func (s State) Or(t State) State {
	rest, asked := s.head()
	if rest != Unknown {
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
	if s.onlyDenies() {
		return s
	}
	denied := func(a, _ Choice) Choice {
		if a == Denied {
			return Denied
		}
		return Unknown
	}
	return s.merge(NewState(nil), denied(s.Rest(), Unknown), false, denied, denied)
}

// either combines two answers for the same name: Denied wins, then Granted, then
// presumed.
func either(a, b Choice) Choice {
	switch {
	case a == Denied || b == Denied:
		return Denied
	case a == Granted || b == Granted:
		return Granted
	default:
		return max(a, b)
	}
}

// onlyDenies reports whether s is its own Denials, if that can be told at a glance: it
// may be, with the sign of a grant in a name.
func (s State) onlyDenies() bool {
	return !s.AskedByDestination() && !strings.ContainsAny(s.text, signs[Granted:])
}
