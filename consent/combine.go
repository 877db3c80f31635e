package consent

import (
	"github.com/go-consent/segment/internal/memo"
	"github.com/go-consent/segment/internal/statetext"
)

// Restrict returns what both s and t allow. For each name that either holds, and
// for the rest, the answer is Denied if either denies it, else Granted if either
// grants it, else presumed if either presumes it, else Unknown; where one of them
// lacks the name, its rest answers. The result is marked as asked by destination if
// either is. All(Denied) absorbs: restricted by it, any State is All(Denied).
// NewState(nil) changes nothing.
//
// Restrict never undoes a denial, but it can turn Unknown into Granted: it is for
// sources that complete each other, and not for two answers to the same question.
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
	r := s.combine(t, either)
	if len(s.text)+len(t.text) <= maxRestricted {
		restricted.Put([2]State{s, t}, r)
	}
	return r
}

// restricted caches results of Restrict. On every request, the middleware restricts an answer by
// the signals of the browser, and there are few different ones of each.
var restricted = memo.New[[2]State, State](1<<20, 2*maxRestricted)

const maxRestricted = 1 << 10 // bytes of both texts, and so of the result

// combine returns a State in which every answer is pick of those of s and t. It is marked if
// either is.
func (s State) combine(t State, pick func(a, b statetext.Answer) statetext.Answer) State {
	sRest, sAsked := s.head()
	tRest, tAsked := t.head()
	answer := func(a, b statetext.Answer) statetext.Answer {
		if a == statetext.Unknown {
			a = sRest
		}
		if b == statetext.Unknown {
			b = tRest
		}
		return pick(a, b)
	}
	return s.merge(t, pick(sRest, tRest), sAsked || tAsked, answer, answer)
}

// Or returns s with what is Unknown in it taken from t: the categories that s
// lacks, the destinations and their mark if s was not asked by destination, and
// the rest. If the rest of s is known, nothing is unknown and the result is s.
func (s State) Or(t State) State {
	rest, asked := s.head()
	if rest != statetext.Unknown {
		return s
	}
	fill := func(a, b statetext.Answer) statetext.Answer {
		if a == statetext.Unknown {
			return b
		}
		return a
	}
	tRest, tAsked := t.head()
	if asked {
		return s.merge(t, tRest, true, fill, func(a, _ statetext.Answer) statetext.Answer { return a })
	}
	return s.merge(t, tRest, tAsked, fill, fill)
}

// Agree returns what s and t both say, for two copies of one answer that may differ,
// such as two cookies of one name. For each name that either holds, and for the rest,
// the answer is Denied if either denies it, else Unknown if either does not know it,
// else presumed if either presumes it, else Granted; where one of them lacks the name,
// its rest answers. The result is marked as asked by destination if either is.
// All(Denied) absorbs: together with it, the result of any State is All(Denied).
//
// Agree only ever closes. Names for which the result cannot say Unknown, since its rest
// is Denied, are Denied.
func (s State) Agree(t State) State {
	if s == (State{}) || t == (State{}) {
		return State{}
	}
	return s.combine(t, agreement)
}

// agreement combines two answers for the same name that have to agree: Denied wins, then
// Unknown, then presumed.
func agreement(a, b statetext.Answer) statetext.Answer {
	switch {
	case a == statetext.Denied || b == statetext.Denied:
		return statetext.Denied
	case a == statetext.Unknown || b == statetext.Unknown:
		return statetext.Unknown
	default:
		return max(a, b)
	}
}

// Denials returns the denials of s alone: the names it denies, and its rest if
// that is Denied, which then covers the names that s grants too. It holds no grant
// and is not marked as asked by destination, so restricting another State by it
// only ever closes.
func (s State) Denials() State {
	if s.onlyDenies() {
		return s
	}
	denied := func(a, _ statetext.Answer) statetext.Answer {
		if a == statetext.Denied {
			return statetext.Denied
		}
		return statetext.Unknown
	}
	rest, _ := s.head()
	return s.merge(NewState(nil), denied(rest, statetext.Unknown), false, denied, denied)
}

// either combines two answers for the same name: Denied wins, then Granted, then
// presumed.
func either(a, b statetext.Answer) statetext.Answer {
	switch {
	case a == statetext.Denied || b == statetext.Denied:
		return statetext.Denied
	case a == statetext.Granted || b == statetext.Granted:
		return statetext.Granted
	default:
		return max(a, b)
	}
}

// onlyDenies reports whether s is its own Denials, by a quick look at the text. It may report
// false for one that is, if a name contains the sign of a grant.
func (s State) onlyDenies() bool {
	return !s.AskedByDestination() && !statetext.MayHold(s.text, statetext.Granted) && !statetext.MayHold(s.text, statetext.Presumed)
}
