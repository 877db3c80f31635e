package consent

import (
	"cmp"
	"slices"
)

// An answer is one of a list in the order of the names.
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
