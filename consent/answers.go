package consent

import (
	"cmp"
	"maps"
	"slices"
)

// answers is a State taken apart, to make another from. Both lists are in the
// order of their names and hold no name twice.
type answers struct {
	rest                     Choice
	asked                    bool
	categories, destinations []answer
}

type answer struct {
	name    string
	granted bool
}

func sorted(m map[string]bool) []answer {
	list := make([]answer, 0, len(m))
	for name, granted := range m {
		list = append(list, answer{name, granted})
	}
	slices.SortFunc(list, func(a, b answer) int { return cmp.Compare(a.name, b.name) })
	return list
}

func toMap(list []answer) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, e := range list {
		m[e.name] = e.granted
	}
	return m
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

// restrict joins two lists; a name that one of them lacks is answered by the
// rest of that one.
func restrict(a []answer, aRest Choice, b []answer, bRest Choice) []answer {
	inA, inB := toMap(a), toMap(b)
	joined := make(map[string]bool, len(inA)+len(inB))
	for name, granted := range inA {
		other, ok := inB[name]
		joined[name] = granted && (other || !ok && bRest != Denied)
	}
	for name, granted := range inB {
		if _, ok := inA[name]; !ok {
			joined[name] = granted && aRest != Denied
		}
	}
	return sorted(joined)
}

// fill adds to a the names of b that it lacks.
func fill(a, b []answer) []answer {
	joined := toMap(b)
	maps.Copy(joined, toMap(a))
	return sorted(joined)
}
